//! Whether people are named to those who ask, and what stands in the place of their names.

use ring::hmac;
use umbra_policy::{Pattern, Scope};

use crate::authority::fingerprint;
use crate::person::Pseudonym;
use crate::store::{Alert, Entry, Finding, PastSpike, Use};

/// Whether people are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// To everybody who sees the row.
    #[default]
    Shown,
    /// To nobody but who reveals them one by one, with a reason.
    Pseudonyms,
}

/// The number in the place of a user's; the greatest, which no host gives.
const NO_UID: u32 = u32::MAX;
/// Nobody's name.
const ROOT: &str = "root";
/// Hexadecimal digits of a pseudonym.
const DIGITS: usize = 16;

/// How people are called.
#[derive(Clone, Debug, Default)]
pub(crate) struct People(Option<hmac::Key>);

impl People {
    /// With pseudonyms that are made with this secret: the same name has the same one on every host, and nothing leads
    /// back from it without the secret.
    pub(crate) fn with(secret: &str) -> Self {
        Self(Some(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())))
    }

    /// Whether names are hidden.
    pub(crate) fn are_hidden(&self) -> bool {
        self.0.is_some()
    }

    /// What stands in the place of a name, or of `uid 1000`; `None`: the name itself.
    pub(crate) fn pseudonym(&self, name: &str) -> Option<String> {
        let key = self.0.as_ref().filter(|_| name != ROOT && name != "uid 0")?;
        let tag = hmac::sign(key, name.to_lowercase().as_bytes());
        let digits = fingerprint(tag.as_ref());
        Some(format!("person-{}", &digits[..DIGITS]))
    }

    /// A name, or what stands in its place.
    pub(crate) fn name(&self, name: String) -> String {
        self.pseudonym(&name).unwrap_or(name)
    }

    /// A row as people see it, which keeps what the policy is asked about.
    pub(crate) fn used(&self, used: Use) -> Use {
        let Some(person) = self.person(used.user_name.as_deref(), i64::from(used.uid)) else {
            return used;
        };
        let behind = Box::new(used.clone());
        Use {
            user_name: Some(person.instead.clone()),
            uid: NO_UID,
            user_groups: used
                .user_groups
                .map(|groups| groups.into_iter().map(|group| person.text(group)).collect()),
            program: self.path(&person.text(used.program)),
            exe: used.exe.map(|path| self.path(&person.text(path))),
            script: used.script.map(|path| self.path(&person.text(path))),
            unit: used.unit.map(|unit| person.text(unit)),
            // Where a person came from tells who it was.
            origin: used.origin.map(|origin| umbra_report::Origin {
                name: origin.name.map(|name| self.path(&person.text(name))),
                peer: None,
                ancestors: origin
                    .ancestors
                    .into_iter()
                    .map(|program| self.path(&person.text(program)))
                    .collect(),
                ..origin
            }),
            behind: Some(behind),
            ..used
        }
    }

    /// A finding as people see it.
    pub(crate) fn finding(&self, finding: Finding) -> Finding {
        let Some(person) = self.person(finding.user_name.as_deref(), finding.uid) else {
            return finding;
        };
        Finding {
            user_name: Some(person.instead.clone()),
            uid: i64::from(NO_UID),
            program: self.path(&person.text(finding.program)),
            ..finding
        }
    }

    /// A spike of the past as people see it.
    pub(crate) fn spike(&self, past: PastSpike) -> PastSpike {
        let Some(person) = self.person(past.user_name.as_deref(), i64::from(past.uid)) else {
            return past;
        };
        PastSpike {
            user_name: Some(person.instead.clone()),
            uid: NO_UID,
            program: self.path(&person.text(past.program)),
            ..past
        }
    }

    /// An alert as receivers see it.
    pub(crate) fn alert(&self, alert: Alert) -> Alert {
        let Some(person) = self.person(alert.user_name.as_deref(), alert.uid) else {
            return alert;
        };
        let mut alert = alert;
        alert.uid = i64::from(NO_UID);
        alert.program = self.path(&person.text(alert.program));
        alert.exe = alert.exe.map(|path| self.path(&person.text(path)));
        alert.script = alert.script.map(|path| self.path(&person.text(path)));
        alert.unit = alert.unit.map(|unit| person.text(unit));
        alert.user_name = Some(person.instead);
        alert
    }

    /// An entry of the audit log as people see it: what a request was about, and where a backup is, without a name. Other
    /// entries name nobody but who did it.
    pub(crate) fn entry(&self, entry: Entry) -> Entry {
        if !self.are_hidden() {
            return entry;
        }
        let Ok(mut said) = serde_json::from_str::<serde_json::Value>(&entry.detail) else {
            return entry;
        };
        let mut any = false;
        for (field, value) in said.as_object_mut().into_iter().flatten() {
            let Some(text) = value.as_str() else { continue };
            let hidden = match field.as_str() {
                "scope" => self.conditions(text),
                "from" | "to" => self.path(text),
                _ => continue,
            };
            if hidden != text {
                *value = hidden.into();
                any = true;
            }
        }
        // The hash is of the text as it was written.
        if !any {
            return entry;
        }
        Entry {
            detail: said.to_string(),
            ..entry
        }
    }

    /// What a sanction is about, as people see it.
    pub(crate) fn scope(&self, scope: Scope) -> Scope {
        let hide = |user: Pattern| match self.pseudonym(user.as_str()) {
            Some(pseudonym) => Pattern::try_from(pseudonym).unwrap_or(user),
            None => user,
        };
        Scope {
            user: scope.user.map(hide),
            ..scope
        }
    }

    /// The same in words: the conditions of a scope, parted by commas.
    pub(crate) fn conditions(&self, words: &str) -> String {
        let hide = |word: &str| match word.strip_prefix("user ") {
            Some(user) => format!("user {}", self.name(user.to_owned())),
            None => word.to_owned(),
        };
        words.split(", ").map(hide).collect::<Vec<_>>().join(", ")
    }

    /// Another person's home is named by them, too.
    fn path(&self, text: &str) -> String {
        let hidden = text.split("/home/").enumerate().map(|(place, part)| {
            let (owner, rest) = part.split_once('/').unwrap_or((part, ""));
            if place == 0 || owner.is_empty() || owner == "~" || owner.starts_with("person-") {
                return part.to_owned();
            }
            let slash = &part[owner.len()..part.len() - rest.len()];
            format!("{}{slash}{rest}", self.name(owner.to_owned()))
        });
        hidden.collect::<Vec<_>>().join("/home/")
    }

    fn person(&self, name: Option<&str>, uid: i64) -> Option<Person> {
        let instead = self.pseudonym(&name.map_or_else(|| format!("uid {uid}"), str::to_owned))?;
        let words = name.and_then(|name| Pseudonym::of(name, Some(instead.clone())).ok());
        Some(Person { instead, words })
    }
}

/// Somebody who is not named.
struct Person {
    instead: String,
    /// The name, where it stands in texts; `None` of those without one.
    words: Option<Pseudonym>,
}

impl Person {
    fn text(&self, text: String) -> String {
        let without = self.words.as_ref().and_then(|words| words.without(&text));
        without.unwrap_or(text)
    }
}

impl Use {
    /// The row with its names, for what nobody sees: a policy is held against these.
    pub(crate) fn real(&self) -> &Self {
        self.behind.as_deref().unwrap_or(self)
    }

    /// A text about the row, such as why a sanction counts for it, as people see it.
    pub(crate) fn discreet(&self, text: String) -> String {
        let names = self
            .behind
            .as_ref()
            .and_then(|behind| behind.user_name.as_deref());
        let person = names.and_then(|name| Pseudonym::of(name, self.user_name.clone()).ok());
        person.and_then(|person| person.without(&text)).unwrap_or(text)
    }
}

#[cfg(test)]
mod tests;
