use std::fmt;
use std::str::FromStr;

/// What every token begins with; the number is that of its form.
const PREFIX: &str = "umbra1";
/// Hexadecimal digits of the id, of the secret and of the fingerprint.
const ID: usize = 12;
const SECRET: usize = 32;
const FINGERPRINT: usize = 64;

/// Lets an agent enrol: `umbra1_ID_SECRET_FINGERPRINT`, each part in lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the collector calls it: 12 digits, no secret.
    pub id: String,
    /// 32 digits. The collector keeps a hash of it.
    pub secret: String,
    /// SHA-256 of the certificate (DER) of the collector's authority, 64 digits: how an agent knows its collector
    /// before it has any certificate.
    pub authority: String,
}

/// What was given is no token. It is not repeated, because it may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no enrolment token: it must be the whole line that `umbra-collector token create` printed, \
     umbra1_…_…_…"
)]
pub struct BadToken;

impl FromStr for Token {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Self, BadToken> {
        let parts: Vec<_> = text.trim().splitn(5, '_').collect();
        let is_hex = |part: &str, length| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        match parts[..] {
            [PREFIX, id, secret, authority]
                if is_hex(id, ID) && is_hex(secret, SECRET) && is_hex(authority, FINGERPRINT) =>
            {
                Ok(Self {
                    id: id.to_owned(),
                    secret: secret.to_owned(),
                    authority: authority.to_owned(),
                })
            }
            _ => Err(BadToken),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{PREFIX}_{}_{}_{}",
            self.id, self.secret, self.authority
        )
    }
}

/// Without the secret: tokens must not get into logs.
impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Token")
            .field("id", &self.id)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
