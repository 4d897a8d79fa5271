//! QUIC, straight to the server and through a SOCKS 5 proxy.

use proptest::prelude::*;
use umbra_report::Evidence;

use super::{at_address, known, made::NAME};
use crate::names::{
    client::{Asked, DatagramReader, ViaProtocol},
    quic::made::{Client, V1, cut, hello},
    tls::made::with_extensions,
};

const ADDRESS: &[u8] = b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb";
const OF_CATALOGUE: &[u8] = b"\0\0\0\x03\x0eapi.openai.com\x01\xbb";
const OTHER: &[u8] = b"\0\0\0\x03\x0dother.example\x01\xbb";
const VIA: Option<(ViaProtocol, u8)> = Some((ViaProtocol::Socks5, 1));

fn read<'a>(datagrams: impl IntoIterator<Item = &'a Vec<u8>>) -> DatagramReader {
    let mut reader = DatagramReader::default();
    for datagram in datagrams {
        reader.push(datagram);
    }
    reader
}

fn asked(datagrams: &[Vec<u8>]) -> Option<Asked> {
    read(datagrams).asked()
}

/// Each of them behind the same header.
fn behind(header: &[u8], datagrams: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let wrap = |datagram: &Vec<u8>| [header, datagram].concat();
    datagrams.iter().map(wrap).collect()
}

/// A hello in two datagrams, cut at a byte.
fn in_two(hello: &[u8], at: usize) -> [Vec<u8>; 2] {
    let mut client = Client::new(V1);
    [0..at, at..hello.len()].map(|range| client.datagram(&cut(hello, range)))
}

#[test]
fn the_hello_says_it_wherever_it_is_cut_and_whatever_stands_before_it() {
    let hello = hello(NAME, 0);
    for at in 0..=hello.len() {
        let datagrams = in_two(&hello, at);
        let found = known(Some(NAME), Evidence::QuicSni, None);
        assert_eq!(asked(&datagrams), Some(found), "{at}");
        for header in [ADDRESS, OF_CATALOGUE, OTHER] {
            let mut datagrams = behind(header, &datagrams);
            assert!(
                datagrams
                    .iter()
                    .all(|datagram| DatagramReader::may_read(datagram))
            );
            let found = Some(known(Some(NAME), Evidence::QuicSni, VIA));
            assert_eq!(asked(&datagrams), found, "{at}");
            datagrams.reverse();
            assert_eq!(asked(&datagrams), found, "reversed, {at}");
            let reader = read(&datagrams);
            assert!(reader.is_done() && reader.is_whole());
        }
    }
}

#[test]
fn the_domain_says_it_when_the_hello_does_not() {
    let nameless = &with_extensions(&[])[5..];
    let whole = Client::new(V1).datagram(&cut(nameless, 0..nameless.len()));
    let half = Client::new(V1).datagram(&cut(nameless, 0..nameless.len() / 2));
    // Of another connection, whose keys are not known.
    let sealed = Client::new(V1).after_retry(b"lost").handshake();
    for datagram in [&whole, &half, &sealed] {
        let datagrams = behind(OF_CATALOGUE, std::slice::from_ref(datagram));
        assert_eq!(asked(&datagrams), Some(known(Some(NAME), Evidence::Socks, VIA)));
        let datagrams = behind(ADDRESS, std::slice::from_ref(datagram));
        assert_eq!(asked(&datagrams), Some(at_address(Evidence::Socks, VIA)));
    }
    assert_eq!(asked(&[whole]), Some(known(None, Evidence::QuicSni, None)));
    assert_eq!(asked(&[half, sealed]), None);
}

#[test]
fn the_front_of_encrypted_client_hello_is_not_what_the_proxy_was_told() {
    use crate::names::tls::made::server_name;

    let outer = with_extensions(&[(0, server_name(b"front.example")), (0xfe0d, vec![0; 40])]);
    let hello = &outer[5..];
    let datagram = Client::new(V1).datagram(&cut(hello, 0..hello.len()));
    let found = asked(&behind(OF_CATALOGUE, &[datagram])).expect("a hello");
    assert_eq!(found.name.map(|name| name.to_string()).as_deref(), Some(NAME));
    assert_eq!((found.evidence, found.ech), (Evidence::Socks, true));
}

proptest! {
    #[test]
    fn changed_datagrams_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        at in any::<prop::sample::Index>(),
    ) {
        let hello = hello(NAME, 0);
        let mut datagrams = behind(OF_CATALOGUE, &in_two(&hello, at.index(hello.len())));
        for (at, byte) in changes {
            let at = at.index(40);
            datagrams[0][at] = byte;
        }
        let reader = read(&datagrams);
        prop_assert!(reader.held() <= 520 * 1024);
        let name = reader.asked().and_then(|asked| asked.name);
        prop_assert!(name.is_none_or(|name| name.as_str().len() <= 253));
    }
}
