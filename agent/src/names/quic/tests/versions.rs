//! Every version gives its name, and what is known of them from elsewhere agrees.

use rustls::{
    Side,
    crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256,
    quic::{Keys, Version},
};

use super::{NAME, named, read};
use crate::names::{
    quic::{
        InitialReader, is_initial,
        made::{Client, V1, V2, crypto, hello},
    },
    tls::Answer,
};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// RFC 9001, appendix A.2, and the same payload sealed as RFC 9369, appendix A, says.
fn vectors() -> [Vec<u8>; 2] {
    [include_str!("rfc9001_a2.hex"), include_str!("rfc9369_a2.hex")].map(hex)
}

#[test]
fn the_examples_of_the_standards_are_read() {
    for datagram in vectors() {
        assert!(is_initial(&datagram));
        assert_eq!(read([&datagram]), named("example.com"));
    }
}

#[test]
fn an_example_that_is_changed_anywhere_is_not_read() {
    for datagram in vectors() {
        for at in 0..datagram.len() {
            let mut changed = datagram.clone();
            changed[at] ^= 0x80;
            assert_eq!(read([&changed]), Answer::NeedMore, "byte {at}");
        }
        for length in 0..datagram.len() {
            assert_eq!(read([&datagram[..length].to_vec()]), Answer::NeedMore, "{length}");
        }
    }
}

#[test]
fn every_version_is_read() {
    let mut versions = vec![V1, V2, 0x709a_50c4, 0xface_b001, 0xface_b002, 0xface_b00e];
    versions.extend((22..=34).map(|draft| 0xff00_0000 + draft));
    versions.extend([0x0a0a_0a0a, 0xfafa_3aba]);
    for version in versions {
        let mut client = Client::new(version);
        let protections = super::super::version::protections(version).len();
        for protection in 0..protections {
            client.protection = protection;
            let datagram = client.datagram(&crypto(0, &hello(NAME, 0)));
            assert!(is_initial(&datagram));
            assert_eq!(read([&datagram]), named(NAME), "{version:x}, {protection}");
        }
        assert!(!is_initial(&client.handshake()));
    }
}

#[test]
fn another_implementation_makes_the_same_keys() {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    let id = b"any bytes";
    for (number, version) in [
        (V1, Version::V1),
        (V2, Version::V2),
        (0xff00_001d, Version::V1Draft),
    ] {
        let keys = Keys::initial(version, suite, suite.quic.unwrap(), id, Side::Client).local;
        let mut client = Client::new(number);
        client.destination = id.to_vec();
        // All but the first byte of the header is the same whoever seals it.
        let mut payload = crypto(0, &hello(NAME, 0));
        let template = client.initial(&payload);
        let number_at = template.len() - payload.len() - 17;
        let mut header = template[..=number_at].to_vec();
        header[0] &= 0xf0;
        header[number_at] = 0;
        let tag = keys.packet.encrypt_in_place(0, &header, &mut payload).unwrap();
        payload.extend_from_slice(tag.as_ref());
        let (first, bytes) = header.split_at_mut(1);
        let number = &mut bytes[number_at - 1..];
        keys.header
            .encrypt_in_place(&payload[3..19], &mut first[0], number)
            .unwrap();
        assert_eq!(read([&[header, payload].concat()]), named(NAME));
    }
}

#[test]
fn what_a_server_sends_is_no_hello() {
    // RFC 9001, appendix A.3.
    let answer = hex(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f
         5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795
         d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    );
    assert!(is_initial(&answer));
    let mut reader = InitialReader::default();
    for _ in 1..super::super::MOST_SEALED {
        assert_eq!(*reader.push(&answer), Answer::NeedMore);
    }
    assert_eq!(*reader.push(&answer), Answer::NoHello);
    assert_eq!(reader.held(), 0);
}

#[test]
fn other_datagrams_are_no_initials() {
    let [v1, v2] = vectors();
    for length in 0..5 {
        assert!(!is_initial(&v1[..length]), "{length}");
    }
    for (datagram, first) in [(&v1, 0x40), (&v1, 0xd0), (&v1, 0xe0), (&v1, 0xf0), (&v2, 0xc0)] {
        let mut datagram = datagram.clone();
        datagram[0] = first;
        assert!(!is_initial(&datagram), "{first:x}");
    }
    for version in [0, 2, 0x5130_3530, 0xff00_0015, 0xff00_0023, 0x0a0a_0a0b] {
        let datagram = [&[0xc0][..], &u32::to_be_bytes(version), &v1[5..]].concat();
        assert!(!is_initial(&datagram), "{version:x}");
    }
    // The bit that RFC 9287 gives free.
    let mut greased = v1;
    greased[0] &= !0x40;
    assert!(is_initial(&greased));
}
