//! Keys of Initials. They are made from what everyone can see, so that Initials are sealed, not secret (RFC 9001,
//! section 5.2).

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey, quic},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};

use super::{packet::Initial, version::Protection};

/// Longest packet number; the sample for header protection begins where it would end (RFC 9001, section 5.4.2).
const LONGEST_NUMBER: usize = 4;
const SAMPLE: usize = 16;

/// What a client's Initials are sealed with.
pub(super) struct Keys {
    packet: LessSafeKey,
    vector: [u8; 12],
    header: quic::HeaderProtectionKey,
}

/// What was in an Initial.
pub(super) struct Opened {
    pub(super) number: u64,
    pub(super) payload: Vec<u8>,
}

impl Keys {
    /// Of the client whose first Initial went to the connection ID `destination`.
    pub(super) fn new(protection: &Protection, destination: &[u8]) -> Result<Self, Unspecified> {
        let initial = Salt::new(HKDF_SHA256, &protection.salt).extract(destination);
        let secret: [u8; 32] = expand(&initial, b"client in")?;
        let secret = Prk::new_less_safe(HKDF_SHA256, &secret);
        let [key, vector, header] = protection.labels;
        let key: [u8; 16] = expand(&secret, key)?;
        let header: [u8; 16] = expand(&secret, header)?;
        Ok(Self {
            packet: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?),
            vector: expand(&secret, vector)?,
            header: quic::HeaderProtectionKey::new(&quic::AES_128, &header)?,
        })
    }

    /// Opens `packet`, whose number is near to `expected`; `None` when it was not sealed with these keys.
    pub(super) fn open(&self, packet: &Initial<'_>, expected: u64) -> Option<Opened> {
        let mut bytes = packet.bytes.to_vec();
        let sample_at = packet.number_at + LONGEST_NUMBER;
        let sample = bytes.get(sample_at..sample_at + SAMPLE)?;
        let [mask, masks @ ..] = self.header.new_mask(sample).ok()?;
        bytes[0] ^= mask & 0x0f;
        let length = usize::from(bytes[0] & 3) + 1;
        let (header, payload) = bytes.split_at_mut(packet.number_at + length);
        let mut truncated = 0;
        for (byte, mask) in header[packet.number_at..].iter_mut().zip(masks) {
            *byte ^= mask;
            truncated = truncated << 8 | u64::from(*byte);
        }
        let number = whole_number(expected, truncated, length);
        let opened = self
            .packet
            .open_in_place(self.nonce(number), Aad::from(header), payload);
        Some(Opened {
            payload: opened.ok()?.to_vec(),
            number,
        })
    }

    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = self.vector;
        for (byte, number) in nonce[4..].iter_mut().zip(number.to_be_bytes()) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seals a packet of which `header` is as long as its packet number; for tests.
    #[cfg(test)]
    pub(super) fn seal(&self, mut header: Vec<u8>, number: u64, mut payload: Vec<u8>) -> Vec<u8> {
        let length = usize::from(header[0] & 3) + 1;
        let number_at = header.len() - length;
        self.packet
            .seal_in_place_append_tag(self.nonce(number), Aad::from(&header), &mut payload)
            .unwrap();
        let sample = &payload[LONGEST_NUMBER - length..][..SAMPLE];
        let [mask, masks @ ..] = self.header.new_mask(sample).unwrap();
        header[0] ^= mask & 0x0f;
        for (byte, mask) in header[number_at..].iter_mut().zip(masks) {
            *byte ^= mask;
        }
        [header, payload].concat()
    }
}

/// `HKDF-Expand-Label` without a context (RFC 8446, section 7.1).
fn expand<const LENGTH: usize>(secret: &Prk, label: &[u8]) -> Result<[u8; LENGTH], Unspecified> {
    struct Length(usize);

    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }

    const PREFIX: &[u8] = b"tls13 ";
    let length = u16::try_from(LENGTH).map_err(|_| Unspecified)?;
    let label_length = u8::try_from(PREFIX.len() + label.len()).map_err(|_| Unspecified)?;
    let mut bytes = [0; LENGTH];
    secret
        .expand(
            &[&length.to_be_bytes(), &[label_length], PREFIX, label, &[0]],
            Length(LENGTH),
        )?
        .fill(&mut bytes)?;
    Ok(bytes)
}

/// The packet number nearest to `expected` that ends in the `length` bytes of `truncated` (RFC 9000, appendix A.3).
fn whole_number(expected: u64, truncated: u64, length: usize) -> u64 {
    let window = 1 << (8 * length);
    let candidate = expected & !(window - 1) | truncated;
    if candidate + window / 2 <= expected {
        candidate + window
    } else if candidate > expected + window / 2 && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}
