//! TLS hellos made by hand, for forms that no client at hand sends. RFC 8446, 4.1.2; the server takes them for real.

/// What stands in it besides what a server insists on.
#[derive(Clone, Debug, Default)]
pub struct Hello<'a> {
    /// Server name.
    pub name: Option<&'a str>,
    /// Extensions that nobody knows, in front of the name.
    pub unknown: usize,
    /// Bytes of padding (RFC 7685), in front of the name.
    pub padding: usize,
    /// Drafts 28 and 18 of TLS 1.3 in front of that itself, as browsers offered them in their time.
    pub drafts: bool,
    /// An encrypted hello beside it (RFC 9849), which nobody can open.
    pub encrypted: bool,
}

const SERVER_NAME: u16 = 0;
const PADDING: u16 = 21;
const ENCRYPTED_HELLO: u16 = 0xfe0d;
/// Nobody has been given a number from here on.
const UNKNOWN: u16 = 0x7000;

impl Hello<'_> {
    /// TLS records of at most so many bytes of the hello each.
    pub fn records(&self, size: usize) -> Vec<u8> {
        let chunks = self.message();
        let record = |chunk: &[u8]| [&[22, 3, 1][..], &sized16(chunk)].concat();
        chunks.chunks(size).flat_map(record).collect()
    }

    fn message(&self) -> Vec<u8> {
        let body = [
            &[3, 3][..],
            &[7; 32],         // random
            &[0],             // session
            &[0, 2, 0x13, 1], // TLS_AES_128_GCM_SHA256
            &[1, 0],          // no compression
            &sized16(&self.extensions()),
        ]
        .concat();
        let length = u32::try_from(body.len()).expect("a hello is short");
        [&[1][..], &length.to_be_bytes()[1..], &body].concat()
    }

    fn extensions(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut add = |kind: u16, body: &[u8]| {
            all.extend(kind.to_be_bytes());
            all.extend(sized16(body));
        };
        for number in 0..self.unknown {
            add(UNKNOWN + u16::try_from(number).expect("few"), &[0; 3]);
        }
        if self.padding > 0 {
            add(PADDING, &vec![0; self.padding]);
        }
        let versions: &[u8] = if self.drafts {
            &[6, 0x7f, 28, 0x7f, 18, 3, 4]
        } else {
            &[2, 3, 4] // TLS 1.3
        };
        add(43, versions);
        add(10, &sized16(&[0, 29])); // X25519
        add(13, &sized16(&[4, 3, 8, 4])); // ECDSA with P-256, RSA-PSS
        add(51, &sized16(&[&[0, 29][..], &sized16(&[9; 32])].concat())); // a point of X25519
        if self.encrypted {
            // Outer; HKDF-SHA256, AES-128-GCM; configuration 1; a key; a payload.
            let body = [&[0, 0, 1, 0, 1, 1][..], &sized16(&[9; 32]), &sized16(&[5; 208])].concat();
            add(ENCRYPTED_HELLO, &body);
        }
        if let Some(name) = self.name {
            add(
                SERVER_NAME,
                &sized16(&[&[0][..], &sized16(name.as_bytes())].concat()),
            );
        }
        all
    }
}

/// With its length in front.
fn sized16(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a part of a hello is short");
    [&length.to_be_bytes()[..], body].concat()
}
