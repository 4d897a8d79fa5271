//! Whatever comes, it is decided within bounds, and does no harm.

use proptest::prelude::*;

use super::super::{InitialReader, MOST_DATAGRAMS, MOST_HELD, MOST_IN_DATAGRAM, MOST_SEALED};
use super::{NAME, long_hello, named, read};
use crate::names::{
    quic::made::{Client, PING, V1, crypto, cut, hello},
    tls::{Answer, Hello, LONGEST_HELLO},
};

#[test]
fn a_hello_of_the_greatest_length_is_read() {
    let mut message = vec![0; LONGEST_HELLO + 4];
    message[..4].copy_from_slice(&[1, 1, 0, 0]);
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    let mut datagrams = message.chunks(1100).enumerate().rev().peekable();
    while let Some((number, piece)) = datagrams.next() {
        let answer = reader
            .push(&client.datagram(&crypto(number * 1100, piece)))
            .clone();
        let last = datagrams.peek().is_none();
        assert_eq!(
            answer,
            if last {
                Answer::Hello(Hello::default())
            } else {
                Answer::NeedMore
            }
        );
        assert!(reader.held() < 100 * 1024, "{}", reader.held());
    }
    message[1..4].copy_from_slice(&[1, 0, 1]);
    assert_eq!(
        read([&client.datagram(&crypto(0, &message[..9]))]),
        Answer::Malformed
    );
}

#[test]
fn another_message_is_no_hello() {
    for frames in [crypto(0, &[2, 0, 0, 9]), crypto(0, b"CHLO")] {
        assert_eq!(read([&Client::new(V1).datagram(&frames)]), Answer::NoHello);
    }
}

#[test]
fn nothing_is_held_after_the_answer() {
    let hello = long_hello();
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    assert_eq!(reader.held(), 0);
    reader.push(&client.datagram(&cut(&hello, 500..1400)));
    assert!(reader.held() > 900);
    reader.push(&client.datagram(&cut(&hello, 0..500)));
    reader.push(&client.datagram(&cut(&hello, 1400..hello.len())));
    assert_eq!((reader.answer(), reader.held()), (&named(NAME), 0));
    reader.push(&client.datagram(&crypto(0, &hello)));
    assert_eq!(reader.held(), 0);
}

/// A client that floods has its pieces dropped, however they are cut.
#[test]
fn what_is_held_is_bounded() {
    let mut reader = InitialReader::default();
    let mut client = Client::new(V1);
    for turn in 0..8 {
        let frames: Vec<_> = (0..8000)
            .map(|at| crypto(turn * 8000 + at * 2 + 1, &[0]))
            .collect();
        let datagram = client.initial(&frames.concat());
        reader.push(&datagram);
        assert!(reader.held() <= MOST_HELD);
    }
    assert_eq!(*reader.answer(), Answer::Malformed);
}

#[test]
fn what_is_beyond_a_hello_is_not_held() {
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    reader.push(&client.initial(&crypto(LONGEST_HELLO + 4, &[0; 9000])));
    reader.push(&client.initial(&[6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1]));
    assert!(reader.held() < 8000, "{}", reader.held());
}

#[test]
fn many_connections_are_held_as_few() {
    let mut reader = InitialReader::default();
    let hello = long_hello();
    for _ in 0..50 {
        reader.push(&Client::new(V1).datagram(&cut(&hello, 100..1200)));
        assert!(reader.held() < 20_000, "{}", reader.held());
    }
    assert_eq!(
        *reader.push(&Client::new(V1).initial(&crypto(0, &hello))),
        named(NAME)
    );
}

#[test]
fn it_is_decided_in_the_end() {
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    for _ in 1..MOST_DATAGRAMS {
        assert_eq!(*reader.push(&client.datagram(PING)), Answer::NeedMore);
    }
    assert_eq!(*reader.push(&client.datagram(PING)), Answer::Malformed);
    let nothing = vec![vec![0x40; 40]; 100];
    assert_eq!(read(&nothing), Answer::NoHello);
}

#[test]
fn few_packets_of_a_datagram_are_looked_at() {
    let mut client = Client::new(V1);
    let mut datagram = client.initial(PING).repeat(MOST_IN_DATAGRAM);
    datagram.extend(client.initial(&crypto(0, &hello(NAME, 0))));
    assert_eq!(read([&datagram]), Answer::NeedMore);
}

#[test]
fn packets_that_cannot_be_opened_among_good_ones_are_passed_over() {
    let hello = long_hello();
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    reader.push(&client.datagram(&cut(&hello, 0..900)));
    let mut broken = client.datagram(PING);
    broken[600] ^= 1;
    for _ in 0..2 * MOST_SEALED {
        assert_eq!(*reader.push(&broken), Answer::NeedMore);
    }
    assert_eq!(
        *reader.push(&client.datagram(&cut(&hello, 900..hello.len()))),
        named(NAME)
    );
}

proptest! {
    #[test]
    fn garbled_and_cut_datagrams_do_no_harm_and_give_no_wrong_name(
        changes in prop::collection::vec((0_usize..1200, any::<u8>()), 1..6),
        length in 0_usize..1200,
    ) {
        let hello = hello(NAME, 0);
        let mut client = Client::new(V1);
        let half = hello.len() / 2;
        let mut datagram = [client.initial(&cut(&hello, 0..half)), client.initial(&cut(&hello, half..hello.len()))].concat();
        for (at, byte) in changes {
            let at = at % datagram.len();
            datagram[at] = byte;
        }
        datagram.truncate(length);
        let answer = read([&datagram]);
        prop_assert!(answer == Answer::NeedMore || answer == named(NAME));
    }

    /// Sealed rightly, whatever is in it.
    #[test]
    fn arbitrary_frames_do_no_harm(
        payloads in prop::collection::vec(prop::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..400), 1..6),
    ) {
        let mut client = Client::new(V1);
        let mut reader = InitialReader::default();
        for payload in payloads {
            reader.push(&client.initial(&payload));
            reader.part();
            prop_assert!(reader.held() <= MOST_HELD);
        }
    }

    #[test]
    fn arbitrary_datagrams_do_no_harm(
        version in prop_oneof![Just(1_u32), Just(0x6b33_43cf), Just(0x0a0a_0a0a), any::<u32>()],
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        read([&[&[0xc3][..], &version.to_be_bytes(), &bytes].concat()]);
        read([&[&[0xd3][..], &version.to_be_bytes(), &[0, 0, 0], &bytes].concat()]);
    }
}
