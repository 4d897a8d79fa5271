use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};

/// Version 1 (RFC 9001, section 5.2).
const VERSION: [u8; 4] = [0, 0, 0, 1];
const SALT: [u8; 20] = *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a";
/// A long header, type Initial, and a packet number of four bytes (RFC 9000, section 17.2.2).
const FIRST: u8 = 0xc3;
const NUMBER: usize = 4;
const TAG: usize = 16;
const SAMPLE: usize = 16;

/// Seals the Initials of a QUIC client, so that a fuzzer gets past the seal. Not with the agent's code, which this is
/// to try.
pub struct Sealer {
    id: Vec<u8>,
    packet: LessSafeKey,
    vector: [u8; 12],
    header: quic::HeaderProtectionKey,
    number: u32,
}

impl Sealer {
    /// A client whose packets go to the connection ID `id`.
    pub fn new(id: &[u8]) -> Self {
        let initial = Salt::new(HKDF_SHA256, &SALT).extract(id);
        let secret: [u8; 32] = expand(&initial, b"client in");
        let secret = Prk::new_less_safe(HKDF_SHA256, &secret);
        let key: [u8; 16] = expand(&secret, b"quic key");
        let header: [u8; 16] = expand(&secret, b"quic hp");
        Self {
            id: id.to_vec(),
            packet: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("the key has its length")),
            vector: expand(&secret, b"quic iv"),
            header: quic::HeaderProtectionKey::new(&quic::AES_128, &header).expect("the key has its length"),
            number: 0,
        }
    }

    /// The next packet, with `frames` in it.
    pub fn seal(&mut self, frames: &[u8]) -> Vec<u8> {
        let id_length = u8::try_from(self.id.len()).expect("an ID is short");
        let mut packet = [&[FIRST][..], &VERSION, &[id_length], &self.id, &[0, 0]].concat();
        packet.extend(varint(NUMBER + frames.len() + TAG));
        packet.extend(self.number.to_be_bytes());
        let mut nonce = self.vector;
        for (byte, number) in nonce[8..].iter_mut().zip(self.number.to_be_bytes()) {
            *byte ^= number;
        }
        self.number += 1;

        let mut payload = frames.to_vec();
        self.packet
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&packet),
                &mut payload,
            )
            .expect("a payload is short");
        let [mask, masks @ ..] = self
            .header
            .new_mask(&payload[..SAMPLE])
            .expect("a sample has its length");
        packet[0] ^= mask & 0x0f;
        let number_at = packet.len() - NUMBER;
        for (byte, mask) in packet[number_at..].iter_mut().zip(masks) {
            *byte ^= mask;
        }
        packet.extend(payload);
        packet
    }
}

/// A CRYPTO frame (RFC 9000, section 19.6) with the part of a handshake from offset `at` on.
pub fn crypto(at: usize, data: &[u8]) -> Vec<u8> {
    [&[6][..], &varint(at), &varint(data.len()), data].concat()
}

/// In four bytes (RFC 9000, section 16).
fn varint(number: usize) -> [u8; 4] {
    let number = u32::try_from(number).expect("an input is short");
    (number | 2 << 30).to_be_bytes()
}

/// `HKDF-Expand-Label` without a context (RFC 8446, section 7.1).
fn expand<const LENGTH: usize>(secret: &Prk, label: &[u8]) -> [u8; LENGTH] {
    struct Length(usize);

    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    let [length, label_length] =
        [LENGTH, 6 + label.len()].map(|it| u8::try_from(it).expect("both are short"));
    let info = [&[0, length, label_length], &b"tls13 "[..], label, &[0]];
    let mut bytes = [0; LENGTH];
    secret
        .expand(&info, Length(LENGTH))
        .and_then(|expanded| expanded.fill(&mut bytes))
        .expect("the length is within limits");
    bytes
}
