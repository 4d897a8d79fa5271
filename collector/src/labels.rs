//! Labels of hosts, such as `env=prod`: given by a token or a person, never by the host itself.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Labels of one host.
pub const MOST: usize = 32;
/// Characters of a key or value.
const LENGTH: usize = 63;

/// A host's labels by their keys: `{"env": "prod", "team": "web"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Labels(pub BTreeMap<String, String>);

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Label {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Labels {
    /// Whether each is a label that a host can have, and they are not too many.
    pub fn check(&self) -> Result<(), String> {
        if self.0.len() > MOST {
            return Err(format!("give at most {MOST} labels"));
        }
        self.0
            .iter()
            .try_for_each(|(key, value)| format!("{key}={value}").parse::<Label>().map(drop))
    }

    /// Whether the host has this one.
    pub fn has(&self, label: &Label) -> bool {
        self.0.get(&label.key) == Some(&label.value)
    }
}

/// `env=prod`.
impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |part: &str| {
            (1..=LENGTH).contains(&part.len())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        };
        match text.split_once('=') {
            Some((key, value)) if fits(key) && fits(value) => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(format!(
                "write a label as KEY=VALUE, each 1 to {LENGTH} of letters, digits, -, _, . and /"
            )),
        }
    }
}

impl TryFrom<String> for Label {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.key, self.value)
    }
}

/// `env=prod,site=ams`, or a dash.
impl fmt::Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.iter();
        let Some((key, value)) = parts.next() else {
            return formatter.write_str("-");
        };
        write!(formatter, "{key}={value}")?;
        parts.try_for_each(|(key, value)| write!(formatter, ",{key}={value}"))
    }
}

impl FromIterator<Label> for Labels {
    fn from_iter<T: IntoIterator<Item = Label>>(labels: T) -> Self {
        Self(labels.into_iter().map(|label| (label.key, label.value)).collect())
    }
}
