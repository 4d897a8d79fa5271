use std::net::{IpAddr, SocketAddr};

use hickory_resolver::proto::rr::RecordType;
use proptest::prelude::*;
use umbra_report::Evidence;

use super::{ClientAnswers, Front, Told};
use crate::{
    inspect::packet::{Datagram, Payload, Segment},
    names::{
        dns::made::{address_of, addresses, https, response, vector16},
        host::HostName,
    },
};

const NAME: &str = "api.openai.com";
const FRONT: &str = "front.example";
const CLIENT: &str = "10.0.0.1";
const SERVER: &str = "192.0.2.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn end(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip(text), port)
}

/// That the client got `message` from a port of a server.
fn datagram(answers: &mut ClientAnswers, port: u16, message: &[u8]) {
    let payload = Payload::Udp(Datagram {
        from: end("10.0.0.53", port),
        to: end(CLIENT, 5000),
        data: message,
    });
    answers.learn(&payload, 100);
}

/// That the client got a segment from a server.
fn segment(answers: &mut ClientAnswers, sequence: u32, syn: bool, data: &[u8]) {
    let payload = Payload::Tcp(Segment {
        from: end("10.0.0.53", 53),
        to: end(CLIENT, 5000),
        sequence,
        acknowledges: Some(1),
        syn,
        ends: false,
        data,
    });
    answers.learn(&payload, 100);
}

/// The name of a flow of the client to the server.
fn name(answers: &ClientAnswers, seconds: u64) -> Option<String> {
    let ends = [end(SERVER, 443), end(CLIENT, 6000)];
    let asked = answers.told(ends, seconds).add_to(None, 1)?.asked;
    assert_eq!(asked.evidence, Evidence::Dns);
    Some(asked.name?.to_string())
}

#[test]
fn a_flow_goes_to_the_name_that_its_client_asked_for() {
    let mut answers = ClientAnswers::default();
    datagram(&mut answers, 53, &addresses(NAME, &[(SERVER, 60)]));
    assert_eq!(name(&answers, 100).as_deref(), Some(NAME));
    assert_eq!(name(&answers, 159).as_deref(), Some(NAME));
    assert_eq!(name(&answers, 1000), None);
    assert_eq!(answers.name(ip("10.0.0.2"), ip(SERVER), 100), None);
    assert_eq!(answers.name(ip(CLIENT), ip("192.0.2.2"), 100), None);
}

#[test]
fn names_of_one_address_make_it_uncertain() {
    let mut answers = ClientAnswers::default();
    datagram(&mut answers, 53, &addresses(NAME, &[(SERVER, 60)]));
    datagram(&mut answers, 53, &addresses("chat.openai.com", &[(SERVER, 60)]));
    assert_eq!(name(&answers, 100), None);
}

#[test]
fn only_servers_of_the_dns_are_believed() {
    let mut answers = ClientAnswers::default();
    datagram(&mut answers, 5353, &addresses(NAME, &[(SERVER, 60)]));
    datagram(&mut answers, 53, b"no message");
    assert_eq!(name(&answers, 100), None);
}

#[test]
fn a_front_stands_for_the_name_that_its_client_asked_for() {
    let mut answers = ClientAnswers::default();
    let services = response(RecordType::HTTPS, NAME, vec![https(NAME, ".", 60, &[], &[FRONT])]);
    datagram(&mut answers, 53, &services.to_vec().unwrap());
    let outer = |outer: &str| HostName::read(outer.as_bytes()).unwrap();
    let behind = |answers: &ClientAnswers, name| {
        let mut told = Told::default();
        answers.judge(
            &mut told,
            &outer(name),
            [end(CLIENT, 6000), end(SERVER, 443)],
            100,
        );
        told.front
    };
    assert_eq!(behind(&answers, FRONT), Front::Uncertain);
    let found = response(RecordType::A, NAME, vec![address_of(NAME, SERVER, 60)]);
    datagram(&mut answers, 53, &found.to_vec().unwrap());
    assert_eq!(behind(&answers, FRONT), Front::Of(outer(NAME)));
    assert_eq!(behind(&answers, NAME), Front::Uncertain);
    assert_eq!(behind(&answers, "other.example"), Front::Uncertain);
}

#[test]
fn answers_over_tcp_come_in_any_segments() {
    let stream = vector16(&addresses(NAME, &[(SERVER, 60)]));
    let first = u32::MAX - 20;
    let mut answers = ClientAnswers::default();
    segment(&mut answers, first, true, &[]);
    let begin = first.wrapping_add(1);
    let at = |offset: u32| begin.wrapping_add(offset);
    segment(&mut answers, at(30), false, &stream[30..]);
    segment(&mut answers, at(10), false, &stream[10..40]);
    assert_eq!(name(&answers, 100), None);
    segment(&mut answers, at(0), false, &stream[..20]);
    assert_eq!(name(&answers, 100).as_deref(), Some(NAME));
    // A keep-alive, and the same again.
    segment(&mut answers, at(0).wrapping_sub(1), false, &[0]);
    segment(&mut answers, at(0), false, &stream);
    // Another connection of the same ends, which begins elsewhere.
    let second = vector16(&addresses(NAME, &[("192.0.2.2", 60)]));
    segment(&mut answers, 77, true, &[]);
    segment(&mut answers, 78, false, &second);
    assert!(answers.name(ip(CLIENT), ip("192.0.2.2"), 100).is_some());
}

#[test]
fn answers_over_tcp_may_lack_their_handshake() {
    let mut answers = ClientAnswers::default();
    segment(&mut answers, 5, false, &[]);
    segment(
        &mut answers,
        7,
        false,
        &vector16(&addresses(NAME, &[(SERVER, 60)])),
    );
    assert_eq!(name(&answers, 100).as_deref(), Some(NAME));
}

proptest! {
    #[test]
    fn strange_segments_do_no_harm(
        segments in prop::collection::vec((any::<u32>(), any::<bool>(), 0_usize..2000, any::<u8>()), 1..60),
    ) {
        let mut answers = ClientAnswers::default();
        for (sequence, syn, length, byte) in segments {
            segment(&mut answers, sequence % 100_000, syn, &vec![byte; length]);
        }
    }
}
