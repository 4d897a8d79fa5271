use std::fmt;

use serde::{Deserialize, Serialize};

use crate::findings::{FindingKind, Severity};
use crate::labels::{Label, Labels};

/// Which findings a route takes. What is left out asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Those that are at least so severe.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Those of one of these kinds, by their words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Those on a host with these labels (`env=prod`): of those with the same key one is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl Filter {
    /// Whether it takes a finding of this kind, a word of [`FindingKind`] or of a later version, on such a host.
    pub fn takes(&self, kind: &str, labels: &Labels) -> bool {
        let severity = FindingKind::of(kind).map_or(Severity::Medium, FindingKind::severity);
        self.severity.is_none_or(|least| severity >= least)
            && (self.kinds.is_empty() || self.kinds.iter().any(|word| word == kind))
            && self.has_all_keys(labels)
    }

    fn has_all_keys(&self, labels: &Labels) -> bool {
        let asked: Vec<Label> = self.labels.iter().filter_map(|text| text.parse().ok()).collect();
        asked.iter().all(|label| {
            let mut same = asked.iter().filter(|other| other.key == label.key);
            same.any(|other| labels.has(other))
        })
    }
}

/// `from high, prohibited_use or new_caller, on env=prod`, or `everything`.
impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(severity) = self.severity {
            parts.push(format!("from {}", severity.as_str()));
        }
        if !self.kinds.is_empty() {
            parts.push(self.kinds.join(" or "));
        }
        if !self.labels.is_empty() {
            parts.push(format!("on {}", self.labels.join(",")));
        }
        if parts.is_empty() {
            parts.push("everything".to_owned());
        }
        formatter.write_str(&parts.join(", "))
    }
}
