//! Initials for tests: real hellos, cut and sealed as wished.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    quic::{ClientConnection, Version},
};

use super::{keys::Keys, version::protections};

pub(crate) const V1: u32 = 1;
pub(crate) const V2: u32 = 0x6b33_43cf;
pub(crate) const PING: &[u8] = &[1];

/// The hello of a rustls client that asks for `name`, as a handshake message. It offers `protocols` made-up protocols
/// of 200 bytes; with 6 of them it is as long as one with a post-quantum key share.
pub(crate) fn hello(name: &str, protocols: u8) -> Vec<u8> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.alpn_protocols = (0..protocols).map(|number| vec![number; 200]).collect();
    let name = name.to_owned().try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), Version::V1, name, vec![1, 2, 3]).unwrap();
    let mut hello = Vec::new();
    client.write_hs(&mut hello);
    hello
}

/// A client, and what its next packet has in its header.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) version: u32,
    /// Connection ID that keys are made from.
    pub(crate) keys_from: Vec<u8>,
    /// Connection ID that packets go to.
    pub(crate) destination: Vec<u8>,
    pub(crate) token: Vec<u8>,
    pub(crate) number: u64,
    /// Which of the version's protections is used.
    pub(crate) protection: usize,
}

impl Client {
    pub(crate) fn new(version: u32) -> Self {
        let id = fastrand::u64(..).to_be_bytes().to_vec();
        Self {
            version,
            keys_from: id.clone(),
            destination: id,
            token: Vec::new(),
            number: 0,
            protection: 0,
        }
    }

    /// What a Retry with the ID `id` makes of it.
    pub(crate) fn after_retry(&self, id: &[u8]) -> Self {
        Self {
            keys_from: id.to_vec(),
            destination: id.to_vec(),
            token: vec![0x5a; 70],
            ..self.clone()
        }
    }

    /// A packet with `frames`, padded to what protection needs.
    pub(crate) fn initial(&mut self, frames: &[u8]) -> Vec<u8> {
        let mut payload = frames.to_vec();
        payload.resize(payload.len().max(3), 0);
        let number = u8::try_from(self.number & 0xff).unwrap();
        let mut header = vec![if self.is_v2() { 0xd0 } else { 0xc0 }];
        header.extend(self.version.to_be_bytes());
        for id in [&self.destination[..], b"client"] {
            header.push(u8::try_from(id.len()).unwrap());
            header.extend(id);
        }
        header.extend(varint(self.token.len()));
        header.extend(&self.token);
        header.extend(varint(1 + payload.len() + 16));
        header.push(number);
        let protection = &protections(self.version)[self.protection];
        let keys = Keys::new(protection, &self.keys_from).unwrap();
        let sealed = keys.seal(header, self.number, payload);
        self.number += 1;
        sealed
    }

    /// A datagram with one packet with `frames`, padded to 1,200 bytes as clients do.
    pub(crate) fn datagram(&mut self, frames: &[u8]) -> Vec<u8> {
        let mut frames = frames.to_vec();
        frames.resize(frames.len().max(1150), 0);
        self.initial(&frames)
    }

    /// A Handshake packet, which cannot be opened.
    pub(crate) fn handshake(&self) -> Vec<u8> {
        let mut packet = vec![if self.is_v2() { 0xf0 } else { 0xe0 }];
        packet.extend(self.version.to_be_bytes());
        packet.extend([1, 9, 0]);
        packet.extend(varint(50));
        packet.extend([0xaa; 50]);
        packet
    }

    fn is_v2(&self) -> bool {
        matches!(self.version, V2 | 0x709a_50c4)
    }
}

/// A CRYPTO frame.
pub(crate) fn crypto(at: usize, data: &[u8]) -> Vec<u8> {
    [&[6][..], &varint(at), &varint(data.len()), data].concat()
}

/// The bytes `range` of `message` as a CRYPTO frame.
pub(crate) fn cut(message: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    crypto(range.start, &message[range])
}

/// An ACK frame with one range more than needed, and counts of ECN.
pub(crate) fn acknowledgement() -> Vec<u8> {
    vec![3, 9, 0x40, 25, 1, 1, 2, 3, 0, 0, 1]
}

/// In one byte or in four (RFC 9000, section 16).
pub(crate) fn varint(number: usize) -> Vec<u8> {
    match u8::try_from(number) {
        Ok(short) if short < 64 => vec![short],
        _ => (u32::try_from(number).unwrap() | 2 << 30).to_be_bytes().to_vec(),
    }
}
