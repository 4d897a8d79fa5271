use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;

use crate::gate::Gate;
use crate::scope::Scope;
use crate::subject::Subject;

/// The way by which an organisation wants its callers to reach some vendors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Egress {
    /// What people call it: 1 to 64 lower-case letters, digits and dashes; no other rule for an egress has it.
    pub id: String,
    /// Vendors' names in the catalogue; none: all of them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub vendors: BTreeSet<String>,
    /// What the services are for; none: whatever it is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub kinds: BTreeSet<Kind>,
    /// Proxies that a flow may go through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["10.1.2.3:3128"])))]
    pub via: Vec<Gate>,
    /// Who may go any way: the gateways themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<Scope>,
    /// Why.
    pub reason: String,
    /// Who takes the responsibility.
    pub approver: String,
}

impl Egress {
    /// Whether it is about such a caller and destination.
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        let vendor = |name: &String| name.eq_ignore_ascii_case(subject.vendor);
        (self.vendors.is_empty() || self.vendors.iter().any(vendor))
            && (self.kinds.is_empty() || subject.kind.is_some_and(|kind| self.kinds.contains(&kind)))
            && !self.direct.iter().any(|scope| scope.covers(subject))
    }

    /// Whether a flow may go this way; `None`: it goes directly.
    pub fn lets(&self, via: Option<SocketAddr>) -> bool {
        via.is_some_and(|proxy| self.via.iter().any(|gate| gate.has(proxy)))
    }

    /// What is wrong with it, in the words of a sentence about it; `None`: nothing.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.via.is_empty() && self.direct.is_empty() {
            return Some(
                "nobody could get there: name a proxy in `via`, or the gateway in `direct`, or prohibit it"
                    .to_owned(),
            );
        }
        let everybody = self
            .direct
            .iter()
            .any(|scope| scope.conditions().next().is_none());
        everybody.then(|| "an item of `direct` is about everybody: give it a condition".to_owned())
    }
}

/// `vendor OpenAI, kind api: through 10.1.2.3:3128; any way for unit litellm.service`
impl fmt::Display for Egress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vendors: Vec<&str> = self.vendors.iter().map(String::as_str).collect();
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.as_str()).collect();
        let mut what = Vec::new();
        if !vendors.is_empty() {
            what.push(format!("vendor {}", vendors.join(" or ")));
        }
        if !kinds.is_empty() {
            what.push(format!("kind {}", kinds.join(" or ")));
        }
        let what = if what.is_empty() {
            "everything".to_owned()
        } else {
            what.join(", ")
        };
        let gates: Vec<String> = self.via.iter().map(ToString::to_string).collect();
        let gates = if gates.is_empty() {
            "a gateway".to_owned()
        } else {
            gates.join(" or ")
        };
        write!(formatter, "{what}: through {gates}")?;
        let direct: Vec<String> = self.direct.iter().map(ToString::to_string).collect();
        if direct.is_empty() {
            Ok(())
        } else {
            write!(formatter, "; any way for {}", direct.join(" or for "))
        }
    }
}

#[cfg(test)]
mod tests;
