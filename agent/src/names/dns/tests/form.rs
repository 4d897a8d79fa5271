use hickory_resolver::proto::{
    op::{Message, Query, ResponseCode},
    rr::{DNSClass, RecordType},
};
use proptest::prelude::*;

use super::{
    super::{Kind, Malformed, Response},
    NAME,
    made::{self, address_of, alias, https, name, response},
    read,
};

/// A response that has everything in it.
fn rich() -> Vec<u8> {
    let mut message = response(
        RecordType::HTTPS,
        NAME,
        vec![
            alias(NAME, "edge.example", 60),
            https(
                "edge.example",
                "svc.example",
                60,
                &["192.0.2.1", "2001:db8::1"],
                &["front.example"],
            ),
        ],
    );
    message.add_additional(address_of("svc.example", "192.0.2.2", 60));
    message.to_vec().unwrap()
}

#[test]
fn says_what_was_asked_for() {
    for (kind, read_as) in [
        (RecordType::A, Kind::A),
        (RecordType::AAAA, Kind::Aaaa),
        (RecordType::HTTPS, Kind::Https),
        (RecordType::SVCB, Kind::Svcb),
        (RecordType::MX, Kind::Other(15)),
    ] {
        let response = read(&response(kind, NAME, Vec::new()).to_vec().unwrap());
        assert_eq!(response.kind, read_as);
        assert_eq!(response.question.as_str(), NAME);
        assert_eq!(response.addresses, []);
        assert!(!response.truncated);
    }
}

#[test]
fn the_host_of_a_service_at_a_port_is_the_one_asked_for() {
    for (asked, kind, host) in [
        ("_8443._https.api.openai.com", RecordType::HTTPS, NAME),
        (
            "_8443._https.api.openai.com",
            RecordType::A,
            "_8443._https.api.openai.com",
        ),
        ("_dns.api.openai.com", RecordType::SVCB, "_dns.api.openai.com"),
        (
            "_._https.api.openai.com",
            RecordType::HTTPS,
            "_._https.api.openai.com",
        ),
    ] {
        let response = read(&response(kind, asked, Vec::new()).to_vec().unwrap());
        assert_eq!(response.question.as_str(), host);
    }
}

#[test]
fn what_is_no_response_for_a_host_is_none() {
    let mut query = Message::query();
    query.add_query(Query::query(name(NAME), RecordType::A));
    let mut other_class = response(RecordType::TXT, "version.bind", Vec::new());
    other_class.queries[0].set_query_class(DNSClass::CH);
    let root = response(RecordType::NS, ".", Vec::new());
    let strange = response(RecordType::A, "a\\.b.example", Vec::new());
    let mut without_question = response(RecordType::A, NAME, Vec::new());
    without_question.queries.clear();
    for message in [query, other_class, root, strange, without_question] {
        assert_eq!(Response::read(&message.to_vec().unwrap()), Ok(None), "{message}");
    }
}

#[test]
fn a_name_that_is_not_there_has_no_addresses() {
    let mut message = response(RecordType::A, NAME, vec![address_of(NAME, "192.0.2.1", 60)]);
    message.metadata.response_code = ResponseCode::NXDomain;
    assert_eq!(read(&message.to_vec().unwrap()).addresses, []);
}

#[test]
fn a_response_of_which_the_server_left_something_out_gives_what_is_there() {
    let mut message = response(RecordType::A, NAME, vec![address_of(NAME, "192.0.2.1", 60)]);
    message.metadata.truncation = true;
    let response = read(&message.to_vec().unwrap());
    assert!(response.truncated);
    assert_eq!(response.addresses.len(), 1);
}

#[test]
fn a_message_that_is_cut_gives_what_is_there() {
    let message = made::addresses(NAME, &[("192.0.2.1", 60), ("192.0.2.2", 60)]);
    let question_ends = 12 + NAME.len() + 2 + 4;
    let mut seen = 0;
    for length in 0..message.len() {
        match Response::read(&message[..length]) {
            Err(Malformed) => assert!(length < question_ends),
            Ok(response) => {
                let response = response.unwrap();
                assert!(response.truncated);
                assert!(response.addresses.len() >= seen);
                seen = response.addresses.len();
            }
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn pointers_lead_back_only() {
    let header = [0, 7, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for question in [
        &[0xc0, 12][..],
        &[0xc0, 14, 0xc0, 12],
        &[1, b'a', 0xc0, 12],
        &[0xc0, 200],
        &[0xff, 0xff],
        &[0x41, 0],
        &[5, b'a'],
    ] {
        let message = [&header, question, &[0, 1, 0, 1]].concat();
        assert_eq!(Response::read(&message), Err(Malformed), "{question:?}");
    }
}

#[test]
fn names_have_the_length_that_the_dns_allows() {
    let longest = [
        &"a".repeat(63),
        "b",
        &"c".repeat(63),
        &"d".repeat(63),
        &"e".repeat(59),
    ]
    .join(".");
    let message = response(RecordType::A, &longest, Vec::new()).to_vec().unwrap();
    assert_eq!(read(&message).question.as_str(), longest);
    // One label of two more bytes, before the first.
    let longer = [&message[..12], &[1, b'x'], &message[12..]].concat();
    assert_eq!(Response::read(&longer), Err(Malformed));
}

#[test]
fn made_up_messages_cost_little() {
    // As many records as there is room for, all with names that take as many steps as names can.
    let mut message = vec![0, 7, 0x80, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0];
    for _ in 0..126 {
        message.extend_from_slice(&[1, b'a']);
    }
    message.extend_from_slice(&[0, 0, 1, 0, 1]);
    while message.len() < 65_000 {
        message.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, b'b', 0xc0, 16]);
    }
    assert!(read(&message).truncated);
    // Pointers to pointers to pointers.
    let mut message = vec![0, 7, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0xc0, 12];
    while message.len() < 16_000 {
        let last = u16::try_from(message.len() - 2).unwrap() | 0xc000;
        message.extend_from_slice(&last.to_be_bytes());
    }
    assert_eq!(Response::read(&message), Ok(None));
}

proptest! {
    #[test]
    fn garbled_messages_do_no_harm(
        changes in prop::collection::vec((0_usize..1000, any::<u8>()), 1..10),
        length in 0_usize..1000,
    ) {
        let mut message = rich();
        for (at, byte) in changes {
            let at = at % message.len();
            message[at] = byte;
        }
        message.truncate(length.max(12));
        if let Ok(Some(response)) = Response::read(&message) {
            prop_assert!(response.addresses.len() <= 128);
        }
    }

    #[test]
    fn arbitrary_records_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let question = &rich()[12..12 + NAME.len() + 2 + 4];
        let header = [0, 7, 0x80, 0, 0, 1, 0, 9, 0, 9, 0, 9];
        let _ = Response::read(&[&header, question, &bytes].concat());
        let _ = Response::read(&bytes);
    }

    /// What hickory-proto reads of a message in full, this reader reads as well.
    #[test]
    fn agrees_with_hickory(changes in prop::collection::vec((0_usize..1000, any::<u8>()), 0..3)) {
        let mut message = made::addresses(NAME, &[("192.0.2.1", 60), ("192.0.2.2", 60)]);
        for (at, byte) in changes {
            let at = at % message.len();
            message[at] = byte;
        }
        if let Ok(theirs) = Message::from_vec(&message)
            && theirs.queries.len() == 1
            && let Ok(Some(ours)) = Response::read(&message)
        {
            let expected = theirs.answers.iter().chain(&theirs.additionals).filter(|record| {
                record.name == theirs.queries[0].name
                    && record.dns_class == DNSClass::IN
                    && theirs.metadata.response_code.low() == 0
            });
            let mut expected: Vec<_> = expected.filter_map(|record| record.data.ip_addr()).collect();
            expected.sort_unstable();
            expected.dedup();
            let mut found: Vec<_> = ours.addresses.iter().map(|(address, _)| *address).collect();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
