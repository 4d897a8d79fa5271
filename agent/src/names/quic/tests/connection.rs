//! What happens to a connection between its client's datagrams: Retry, other IDs, other versions, other packets.

use super::{NAME, long_hello, named, read};
use crate::names::{
    quic::{
        InitialReader,
        made::{Client, PING, V1, V2, acknowledgement, crypto, cut, hello},
    },
    tls::Answer,
};

#[test]
fn initials_and_other_packets_share_datagrams() {
    let hello = long_hello();
    let half = hello.len() / 2;
    for version in [V1, V2] {
        let mut client = Client::new(version);
        let first = client.initial(&cut(&hello, 0..half));
        let second = client.initial(&cut(&hello, half..hello.len()));
        let other = client.handshake();
        for datagram in [
            [&first[..], &second].concat(),
            [&other[..], &second, &other, &first, &[0; 300]].concat(),
            [&first[..], &second, &[0x5a; 300]].concat(),
            [&first[..], &second, &other[..30]].concat(),
        ] {
            assert_eq!(read([&datagram]), named(NAME));
        }
        assert_eq!(
            read([&[&first[..], &[0x40; 20], &second].concat()]),
            Answer::NeedMore
        );
    }
}

#[test]
fn after_a_retry_the_hello_is_said_again() {
    let hello = long_hello();
    for half in [1, 700, hello.len() - 1] {
        let mut before = Client::new(V1);
        let mut after = before.after_retry(b"of the server");
        after.number = 1;
        let datagrams = [
            before.datagram(&cut(&hello, 0..half)),
            after.datagram(&cut(&hello, half..hello.len())),
            after.datagram(&cut(&hello, 0..half)),
        ];
        assert_eq!(read(&datagrams), named(NAME), "{half}");
        assert_eq!(
            read(datagrams.iter().skip(1)),
            named(NAME),
            "{half}, first one lost"
        );
        // Nothing of one hello gets into another.
        assert_eq!(read(&datagrams[..2]), Answer::NeedMore, "{half}");
    }
}

#[test]
fn keys_stay_when_the_server_gives_its_id() {
    let hello = long_hello();
    let mut client = Client::new(V1);
    let first = client.datagram(&cut(&hello, 0..900));
    client.destination = vec![];
    let nothing = client.datagram(&[&acknowledgement()[..], PING].concat());
    let second = client.datagram(&cut(&hello, 900..hello.len()));
    assert_eq!(read([&first, &nothing, &second]), named(NAME));
    assert_eq!(read([&nothing, &second]), Answer::NeedMore);
}

#[test]
fn the_server_may_choose_another_version() {
    let hello = long_hello();
    let mut client = Client::new(V1);
    let first = client.datagram(&cut(&hello, 0..900));
    client.version = V2;
    client.destination = b"of the server".to_vec();
    let second = client.datagram(&cut(&hello, 900..hello.len()));
    assert_eq!(read([&first, &second]), named(NAME));
}

#[test]
fn the_client_may_begin_again_with_another_version() {
    let hellos = [long_hello(), long_hello()];
    for version in [0x1a2a_3a4a, V1, 0xff00_001d] {
        let mut client = Client::new(version);
        let first = client.datagram(&cut(&hellos[0], 0..900));
        client.version = V2;
        let again = [
            client.datagram(&cut(&hellos[1], 900..hellos[1].len())),
            client.datagram(&cut(&hellos[1], 0..900)),
        ];
        assert_eq!(read([&first, &again[0]]), Answer::NeedMore, "two hellos");
        assert_eq!(read([&first, &again[0], &again[1]]), named(NAME));
    }
}

#[test]
fn packet_numbers_may_be_large() {
    let hello = long_hello();
    let mut client = Client::new(V1);
    let mut reader = InitialReader::default();
    // Each is sent with its last byte alone.
    for number in [100, 220, 340, 460, 520] {
        client.number = number;
        reader.push(&client.datagram(PING));
    }
    client.number = 400;
    reader.push(&client.datagram(&cut(&hello, 0..900)));
    client.number = 600;
    reader.push(&client.datagram(&cut(&hello, 900..hello.len())));
    assert_eq!(*reader.answer(), named(NAME));
}

#[test]
fn the_first_hello_stands() {
    let mut client = Client::new(V1);
    let first = client.datagram(&crypto(0, &hello(NAME, 0)));
    let second = Client::new(V1).datagram(&crypto(0, &hello("other.example", 0)));
    assert_eq!(read([&first, &second]), named(NAME));
}

#[test]
fn a_packet_with_what_may_not_be_in_it_is_passed_over() {
    let hello = hello(NAME, 0);
    let whole = crypto(0, &hello);
    for wrong in [
        // STREAM, HANDSHAKE_DONE, CONNECTION_CLOSE of the application, and frames that are cut.
        &[8, 0, 0][..],
        &[0x1e],
        &[0x1d, 0, 0],
        &[6, 0],
        &[6, 0, 0x40],
        &[2, 0, 0, 5, 0],
        &[2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
        &[6, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        let mut client = Client::new(V1);
        let datagram = client.initial(&[&whole[..], wrong].concat());
        assert_eq!(read([&datagram]), Answer::NeedMore, "{wrong:?}");
        assert_eq!(read([&datagram, &client.datagram(&whole)]), named(NAME));
    }
    // A client may give up in the same packet.
    let closing = [&whole[..], &[0x1c, 0x41, 0x30, 6, 2, b'n', b'o']].concat();
    assert_eq!(read([&Client::new(V1).initial(&closing)]), named(NAME));
}
