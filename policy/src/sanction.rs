use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::data::DataClass;
use crate::scope::Scope;
use crate::verdict::Verdict;

/// A decision about callers and vendors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Sanction {
    /// What people call it: 1 to 64 lower-case letters, digits and dashes; no other in force has it.
    pub id: String,
    /// What was decided.
    pub verdict: Verdict,
    /// About what.
    #[serde(default)]
    pub scope: Scope,
    /// Which data may be sent; only of what is sanctioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "internal"))]
    pub data: Option<DataClass>,
    /// Why.
    pub reason: String,
    /// Who takes the responsibility.
    pub approver: String,
    /// When it ends; what it covered is then as if it had not been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Where it was discussed: an `https` or `http` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
}

impl Sanction {
    /// Characters of a reason or an approver.
    pub const TEXT: usize = 2_000;

    /// Whether it still held at that time.
    pub fn holds_at(&self, time: Timestamp) -> bool {
        self.expires.is_none_or(|expires| time < expires)
    }

    /// What is wrong with it, in the words of a sentence about it; `None`: nothing.
    pub fn fault(&self) -> Option<String> {
        if !is_id(&self.id) {
            return Some("`id` must be 1 to 64 of a-z, 0-9 and -".to_owned());
        }
        for (key, text) in [("reason", &self.reason), ("approver", &self.approver)] {
            if text.trim().is_empty() {
                return Some(format!("`{key}` must say something: it is read a year later"));
            }
            if text.chars().count() > Self::TEXT {
                return Some(format!("`{key}` is longer than {} characters", Self::TEXT));
            }
        }
        if self.verdict == Verdict::Sanctioned && self.data.is_none() {
            return Some("`data` must say which data may be sent: public, internal, confidential, restricted, or one of `own_classes`".to_owned());
        }
        if self.verdict != Verdict::Sanctioned && self.data.is_some() {
            return Some(format!(
                "`data` says which data may be sent, and what is {} may send none: leave it out",
                self.verdict
            ));
        }
        let ticket = self.ticket.as_deref().is_none_or(|ticket| {
            let address = ticket.strip_prefix("https://").or(ticket.strip_prefix("http://"));
            let seen = |char: char| !char.is_whitespace() && !char.is_control();
            address.is_some_and(|rest| !rest.is_empty() && ticket.len() <= 2_000 && rest.chars().all(seen))
        });
        (!ticket).then(|| "`ticket` must be an https:// or http:// address".to_owned())
    }
}

/// Whether a rule may be called so.
pub(crate) fn is_id(id: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(may)
}
