use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::labels::{Label, Labels};

/// Labels of one scope.
const MOST: usize = 32;

/// Which hosts somebody sees: those that have, of each key, one of the values. Without a key: all of them.
///
/// `{"env": ["prod"], "team": ["db", "web"]}` is production of two teams.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(as = HostLabels)]
pub struct Scope(BTreeMap<String, BTreeSet<String>>);

impl Scope {
    /// Whether it is all hosts.
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a host with these labels is one of them: what [`crate::store`] asks in its statements.
    pub(crate) fn sees(&self, host: &Labels) -> bool {
        let has = |(key, values): (&String, &BTreeSet<String>)| {
            host.0.get(key).is_some_and(|value| values.contains(value))
        };
        self.0.iter().all(has)
    }

    /// Whether each key has values, and each of them is a label that a host can have.
    pub fn check(&self) -> Result<(), String> {
        if let Some((key, _)) = self.0.iter().find(|(_, values)| values.is_empty()) {
            return Err(format!("the label {key} has no value: give one, or leave it out"));
        }
        if self.labels().count() > MOST {
            return Err(format!("give at most {MOST} labels"));
        }
        self.labels()
            .try_for_each(|(key, value)| format!("{key}={value}").parse::<Label>().map(drop))
    }

    /// Its labels, in order.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
        pairs.flat_map(|(key, values)| values.iter().map(move |value| (key.as_str(), value.as_str())))
    }
}

impl FromIterator<Label> for Scope {
    fn from_iter<T: IntoIterator<Item = Label>>(labels: T) -> Self {
        let mut scope = Self::default();
        for Label { key, value } in labels {
            scope.0.entry(key).or_default().insert(value);
        }
        scope
    }
}

/// `env=prod,team=db,team=web`, or `all`.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<String> = self
            .labels()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        formatter.pad(if labels.is_empty() { "all" } else { "" })?;
        formatter.write_str(&labels.join(","))
    }
}
