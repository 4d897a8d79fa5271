use proptest::prelude::*;

use super::{
    Answer, Hello, HelloReader,
    made::{hello, in_records, server_name, with_extensions},
};

const NAME: &str = "api.openai.com";

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Answer {
    let mut reader = HelloReader::default();
    for piece in pieces {
        reader.push(piece);
    }
    reader.answer().clone()
}

fn named(name: &str) -> Answer {
    Answer::Hello(Hello {
        name: super::HostName::read(name.as_bytes()),
        ech: false,
    })
}

#[test]
fn is_read_whatever_byte_it_is_cut_at() {
    let flight = hello(NAME);
    for cut in 0..=flight.len() {
        let (first, second) = flight.split_at(cut);
        assert_eq!(read([first, second]), named(NAME), "segments cut at {cut}");
        if cut > 0 {
            let records = in_records(&flight, &[cut, flight.len()]);
            assert_eq!(read([&records[..]]), named(NAME), "records cut at {cut}");
        }
    }
    assert_eq!(read(in_records(&flight, &[1]).chunks(1)), named(NAME));
}

#[test]
fn is_not_known_before_its_end_and_never_wrong() {
    let flight = hello(NAME);
    for length in 0..flight.len() {
        let mut reader = HelloReader::default();
        assert_eq!(*reader.push(&flight[..length]), Answer::NeedMore, "{length}");
        let part = reader.part().and_then(|hello| hello.name);
        assert!(part.is_none_or(|name| name.as_str() == NAME), "{length}");
    }
    // A real client's name may be anywhere.
    let flight = with_extensions(&[(0, server_name(NAME.as_bytes())), (21, vec![0; 9])]);
    let mut reader = HelloReader::default();
    reader.push(&flight[..flight.len() - 1]);
    assert_eq!(reader.part().unwrap().name.unwrap().as_str(), NAME);
}

#[test]
fn stands_whatever_follows_it() {
    let first = hello(NAME);
    let second = hello("other.example");
    assert_eq!(read([&first[..], &second]), named(NAME), "a hello retry");
    // Another message in the same record.
    let mut longer = first.clone();
    longer.extend_from_slice(&[16, 0, 0, 2, 1, 2]);
    assert_eq!(read([&in_records(&longer, &[1 << 14])[..]]), named(NAME));
    assert_eq!(
        read([&first[..], b"\x14\x03\x03\x00\x01\x01 and more"]),
        named(NAME)
    );
}

#[test]
fn says_whether_it_has_encrypted_client_hello() {
    let name = (0, server_name(b"Public.Example."));
    for (content, ech) in [(vec![0, 1, 2], true), (vec![1], false), (vec![], false)] {
        let flight = with_extensions(&[name.clone(), (0xfe0d, content)]);
        let Answer::Hello(hello) = read([&flight[..]]) else {
            panic!("no hello");
        };
        assert_eq!(hello.ech, ech);
        assert_eq!(hello.name.unwrap().as_str(), "public.example");
    }
}

#[test]
fn may_have_many_extensions_large_ones_and_no_name() {
    let mut extensions: Vec<_> = (0..200).map(|number| (0x0a0a + number, vec![0; 40])).collect();
    assert_eq!(
        read([&with_extensions(&extensions)[..]]),
        Answer::Hello(Hello::default())
    );
    extensions.push((51, vec![1; 40_000]));
    extensions.push((0, server_name(NAME.as_bytes())));
    extensions.push((0, server_name(b"second.example")));
    let large = with_extensions(&extensions);
    assert_eq!(read([&large[..]]), named(NAME));
    let strange = with_extensions(&[(0, server_name(b"no name!"))]);
    assert_eq!(read([&strange[..]]), Answer::Hello(Hello::default()));
    let empty = with_extensions(&[(0, vec![])]);
    assert_eq!(read([&empty[..]]), Answer::Hello(Hello::default()));
}

#[test]
fn may_end_before_the_extensions() {
    let body = [&[3, 1][..], &[7; 32], &[0, 0, 2, 0, 5, 1, 0]].concat();
    let record = [&[22, 3, 0, 0, 45, 1, 0, 0, 41][..], &body].concat();
    assert_eq!(read([&record[..]]), Answer::Hello(Hello::default()));
}

#[test]
fn is_told_from_what_is_none() {
    for other in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x02\x00\x00\x05",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x20",
        b"\x80\x2e\x01\x03\x01",
    ] {
        assert_eq!(read([other]), Answer::NoHello, "{other:?}");
        assert_eq!(read(other.chunks(1)), Answer::NoHello, "{other:?}");
    }
}

#[test]
fn has_limits() {
    let too_long = b"\x16\x03\x01\x02\x00\x01\x01\x00\x01";
    assert_eq!(read([&too_long[..]]), Answer::Malformed);
    let record_too_long = b"\x16\x03\x01\xff\xff";
    assert_eq!(read([&record_too_long[..]]), Answer::Malformed);
    let nothing = b"\x16\x03\x01\x00\x00".repeat(100);
    assert_eq!(read([&nothing[..]]), Answer::Malformed);
    let alert_within = [
        &hello(NAME)[..0],
        b"\x16\x03\x01\x00\x01\x01\x15\x03\x01\x00\x02\x02\x28",
    ]
    .concat();
    assert_eq!(read([&alert_within[..]]), Answer::Malformed);
    // The longest hello whose limits are kept is held once, with room that a vector may add.
    let mut reader = HelloReader::default();
    reader.push(b"\x16\x03\x01\x40\x00\x01\x01\x00\x00");
    let record = [&b"\x16\x03\x01\x40\x00"[..], &[0; 1 << 14]].concat();
    for _ in 0..8 {
        reader.push(&record);
        assert!(reader.held() <= 2 * super::LONGEST_HELLO);
    }
}

proptest! {
    #[test]
    fn pieces_and_records_of_any_length(
        cuts in prop::collection::vec(1_usize..600, 1..20),
        pieces in prop::collection::vec(1_usize..600, 1..20),
    ) {
        let flight = in_records(&hello(NAME), &cuts);
        let mut rest = &flight[..];
        let mut reader = HelloReader::default();
        for piece in pieces.into_iter().cycle() {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            reader.push(now);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(reader.answer(), &named(NAME));
    }

    #[test]
    fn garbled_hellos_do_no_harm(
        changes in prop::collection::vec((0_usize..700, any::<u8>()), 1..20),
        piece in 1_usize..100,
    ) {
        let mut flight = hello(NAME);
        for (at, byte) in changes {
            let at = at % flight.len();
            flight[at] = byte;
        }
        let mut reader = HelloReader::default();
        for piece in flight.chunks(piece) {
            reader.push(piece);
            reader.part();
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read([&[&[22, 3, 1][..], &bytes].concat()[..]]);
        read([&[&[22, 3, 1, 4, 0, 1, 0, 3, 0xfc][..], &bytes].concat()[..]]);
    }
}
