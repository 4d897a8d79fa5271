//! Segments in any order, twice, overlapping, with and without their handshake.

use proptest::prelude::*;

use super::{
    NAME, line, lines,
    made::{SYN, at, data, syn, syn_ack},
    named,
};
use crate::names::tls::made::{hello, in_records, server_name, with_extensions};

const FLOW: &str = "10.0.0.1:40000>10.0.0.2:443";

#[test]
fn a_hello_cut_at_every_byte_is_read() {
    let flight = hello(NAME);
    for cut in 1..flight.len() {
        let (first, second) = (at(0, &flight[..cut]), at(cut, &flight[cut..]));
        let overlapping = at(cut / 2, &flight[cut / 2..]);
        for (what, packets) in [
            ("in order", vec![syn(SYN), first.clone(), second.clone()]),
            ("reversed", vec![syn(SYN), second.clone(), first.clone()]),
            (
                "twice",
                vec![
                    syn(SYN),
                    first.clone(),
                    first.clone(),
                    second.clone(),
                    second.clone(),
                ],
            ),
            ("overlapping", vec![syn(SYN), first.clone(), overlapping.clone()]),
            (
                "overlapping, reversed",
                vec![syn(SYN), overlapping, first.clone()],
            ),
            ("SYN late", vec![second.clone(), syn(SYN), first.clone()]),
            ("no SYN", vec![first.clone(), second.clone()]),
            ("no SYN, reversed", vec![second.clone(), first.clone()]),
        ] {
            assert_eq!(lines(&packets), [named()], "{what}, cut at {cut}");
        }
    }
}

#[test]
fn one_byte_a_segment_is_read() {
    let flight = in_records(&hello(NAME), &[100]);
    let bytes = flight.iter().enumerate();
    let mut packets: Vec<_> = bytes.map(|(offset, byte)| at(offset, &[*byte])).collect();
    assert_eq!(lines(&packets), [named()]);
    packets.reverse();
    assert_eq!(lines(&packets), [named()], "reversed, no SYN");
    packets.insert(0, syn(SYN));
    assert_eq!(lines(&packets), [named()], "reversed");
}

#[test]
fn a_hello_that_is_not_all_there_is_not_complete() {
    let flight = hello(NAME);
    for length in 0..flight.len() {
        let [seen] = &lines(&[syn(SYN), at(0, &flight[..length])])[..] else {
            panic!("one flow");
        };
        let name = seen["name"].as_str();
        assert!(name.is_none_or(|name| name == NAME), "{length}");
        assert_eq!(*seen, line(FLOW, name, false));
    }
    // The last byte but one is missing, which is not of the name: a real client's name may be anywhere.
    let flight = with_extensions(&[(0, server_name(NAME.as_bytes())), (21, vec![0; 9])]);
    let last = flight.len() - 1;
    let seen = lines(&[syn(SYN), at(0, &flight[..last - 1]), at(last, &flight[last..])]);
    assert_eq!(seen, [line(FLOW, Some(NAME), false)]);
}

#[test]
fn the_first_data_stands() {
    let (first, second) = (hello(NAME), hello("api.openai.org"));
    assert_eq!(first.len(), second.len());
    assert_eq!(lines(&[syn(SYN), at(0, &first), at(0, &second)]), [named()]);
    let early = at(1, &first[1..]);
    assert_eq!(lines(&[syn(SYN), early, at(0, &second)]), [named()]);
}

#[test]
fn the_client_is_the_one_that_sent_syn() {
    let flight = hello(NAME);
    assert_eq!(
        lines(&[syn_ack(SYN), at(0, &flight)]),
        [named()],
        "its SYN was not captured"
    );
    assert_eq!(lines(&[syn_ack(SYN)]), [line(FLOW, None, false)]);
    let keep_alive = data(SYN, &[0]);
    assert_eq!(lines(&[syn(SYN), keep_alive, at(0, &flight)]), [named()]);
}

#[test]
fn the_same_ports_may_be_used_again() {
    let flight = hello(NAME);
    let again = 0x4000_0000;
    let packets = [
        syn(SYN),
        syn(SYN),
        at(0, &hello("first.example")),
        syn(again),
        data(again + 1, &flight),
    ];
    assert_eq!(
        lines(&packets),
        [line(FLOW, Some("first.example"), true), named()]
    );
}

#[test]
fn other_protocols_have_no_name() {
    let packets = [
        syn(SYN),
        at(0, b"EHLO a.example\r\nSTARTTLS\r\n"),
        at(26, &hello(NAME)),
    ];
    assert_eq!(lines(&packets), [line(FLOW, None, false)]);
}

#[test]
fn encrypted_client_hello_is_told() {
    let flight = with_extensions(&[(0xfe0d, vec![0; 9]), (0, server_name(b"front.example"))]);
    let seen = lines(&[at(0, &flight)]);
    assert_eq!(
        (&seen[0]["ech"], &seen[0]["name"]),
        (&true.into(), &"front.example".into())
    );
}

/// Memory is bounded, so a stream whose beginning never comes is given up in the end.
#[test]
fn a_stream_is_not_waited_for_without_end() {
    let flight = hello(NAME);
    let mut packets = vec![syn(SYN)];
    packets.extend((1..600).map(|number| at(number * 1000 % 250_000 + 1, &[0; 400])));
    packets.extend((0..9000).map(|number| at(250_000 - number * 8, &[0; 4])));
    packets.push(at(0, &flight));
    assert_eq!(lines(&packets), [line(FLOW, None, false)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_with_overlaps_and_repeats(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..80), 1..40),
        records in prop::collection::vec(1_usize..300, 1..4),
        with_syn in any::<bool>(),
        seed in any::<prop::sample::Index>(),
    ) {
        let flight = in_records(&hello(NAME), &records);
        let mut packets: Vec<_> = cuts
            .iter()
            .map(|(begin, length)| (begin.index(flight.len()), *length))
            .chain((0..flight.len()).step_by(50).map(|begin| (begin, 50)))
            .map(|(begin, length)| at(begin, &flight[begin..flight.len().min(begin + length)]))
            .collect();
        let turns = packets.len();
        packets.rotate_left(seed.index(turns));
        packets[..turns / 2].reverse();
        if with_syn {
            packets.insert(0, syn(SYN));
        }
        prop_assert_eq!(lines(&packets), [named()]);
    }
}
