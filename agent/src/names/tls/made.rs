//! Hellos for tests: real ones, and the ways to cut them.

use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, RootCertStore, crypto::ring};

/// The first flight of a rustls client that asks for `name`: one record with one hello.
pub(crate) fn hello(name: &str) -> Vec<u8> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = name.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut flight = Vec::new();
    client.write_tls(&mut flight).unwrap();
    flight
}

/// The same hello in records of the lengths in `cuts`, over and over.
pub(crate) fn in_records(flight: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut rest = &flight[5..];
    let mut records = Vec::new();
    for &cut in cuts.iter().cycle() {
        let (piece, later) = rest.split_at(cut.clamp(1, rest.len()));
        records.extend_from_slice(&[22, 3, 1]);
        records.extend_from_slice(&u16::try_from(piece.len()).unwrap().to_be_bytes());
        records.extend_from_slice(piece);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    records
}

/// A record with a hello that has `extensions`.
pub(crate) fn with_extensions(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let list: Vec<u8> = extensions
        .iter()
        .flat_map(|(kind, content)| [&kind.to_be_bytes()[..], &vector16(content)].concat())
        .collect();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &[0],
        &vector16(&[0x13, 0x01, 0x0a, 0x0a]),
        &[1, 0],
        &vector16(&list),
    ]
    .concat();
    let message = [&[1, 0][..], &vector16(&body)].concat();
    in_records(&[&[0; 5][..], &message].concat(), &[1 << 14])
}

/// The content of a `server_name` extension.
pub(crate) fn server_name(name: &[u8]) -> Vec<u8> {
    vector16(&[&[0][..], &vector16(name)].concat())
}

fn vector16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&length.to_be_bytes()[..], content].concat()
}
