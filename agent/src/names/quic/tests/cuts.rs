//! A hello cut into frames and datagrams in any way, in any order.

use proptest::{prelude::*, sample::Index};

use super::{NAME, long_hello, named, read};
use crate::names::{
    quic::{
        InitialReader,
        made::{Client, PING, V1, acknowledgement, crypto, cut, hello},
    },
    tls::{Answer, made::server_name, made::with_extensions},
};

#[test]
fn cut_at_every_byte() {
    let hello = hello(NAME, 0);
    for at in 0..=hello.len() {
        let mut client = Client::new(V1);
        let (first, second) = (cut(&hello, 0..at), cut(&hello, at..hello.len()));
        let overlapping = cut(&hello, at / 2..hello.len());
        for frames in [
            [&first[..], &second].concat(),
            [&second[..], &first].concat(),
            [&first[..], &overlapping].concat(),
            [&overlapping[..], &first, &first].concat(),
            [PING, &second, &[0; 9], PING, &acknowledgement(), &first, &[0; 9]].concat(),
        ] {
            assert_eq!(read([&client.datagram(&frames)]), named(NAME), "frames, {at}");
        }
        let datagrams = [client.datagram(&first), client.datagram(&second)];
        assert_eq!(read(&datagrams), named(NAME), "datagrams, {at}");
        assert_eq!(read(datagrams.iter().rev()), named(NAME), "reversed, {at}");
    }
}

#[test]
fn one_byte_a_frame() {
    let hello = hello(NAME, 0);
    let mut frames: Vec<_> = (0..hello.len()).map(|at| cut(&hello, at..at + 1)).collect();
    let mut client = Client::new(V1);
    assert_eq!(read([&client.initial(&frames.concat())]), named(NAME));
    frames.reverse();
    assert_eq!(read([&client.initial(&frames.concat())]), named(NAME));
}

#[test]
fn a_hello_is_not_known_before_its_end_and_never_wrong() {
    let hello = long_hello();
    for length in 0..hello.len() {
        let mut reader = InitialReader::default();
        let datagram = Client::new(V1).datagram(&cut(&hello, 0..length));
        assert_eq!(*reader.push(&datagram), Answer::NeedMore, "{length}");
        let part = reader.part().and_then(|hello| hello.name);
        assert!(part.is_none_or(|name| name.as_str() == NAME), "{length}");
    }
    // A real client's name may be anywhere.
    let record = with_extensions(&[(0, server_name(NAME.as_bytes())), (21, vec![0; 9])]);
    let hello = &record[5..];
    let mut reader = InitialReader::default();
    reader.push(&Client::new(V1).datagram(&crypto(0, &hello[..hello.len() - 1])));
    assert_eq!(reader.part().unwrap().name.unwrap().as_str(), NAME);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// As Chrome does it, and worse: frames of any length with PING, PADDING and ACK between, overlapping, repeated, in
    /// any order, in any number of datagrams, some of which cannot be opened.
    #[test]
    fn any_chaos(
        cuts in prop::collection::vec((any::<Index>(), 1_usize..400, 0_usize..4), 0..20),
        step in 20_usize..500,
        split in 1_usize..20,
        turn in any::<Index>(),
        broken in prop::collection::vec(any::<Index>(), 0..3),
    ) {
        let hello = long_hello();
        let others = [PING.to_vec(), vec![0; 5], acknowledgement(), vec![]];
        let mut frames: Vec<_> = (0..hello.len())
            .step_by(step)
            .map(|at| cut(&hello, at..hello.len().min(at + step)))
            .collect();
        for (at, length, other) in cuts {
            let at = at.index(hello.len());
            frames.push([cut(&hello, at..hello.len().min(at + length)), others[other].clone()].concat());
        }
        let turns = frames.len();
        frames.rotate_left(turn.index(turns));
        frames[..turns / 2].reverse();
        // With the broken ones no more than are read of a connection.
        let split = split.max(frames.len().div_ceil(60));
        let mut client = Client::new(V1);
        let mut datagrams: Vec<_> =
            frames.chunks(split).map(|frames| client.datagram(&frames.concat())).collect();
        for index in broken {
            let mut broken = client.datagram(b"");
            *broken.last_mut().unwrap() ^= 1;
            datagrams.insert(index.index(datagrams.len()), broken);
        }
        prop_assert_eq!(read(&datagrams), named(NAME));
    }
}
