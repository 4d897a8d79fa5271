use std::fmt;

use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;

use crate::pattern::Pattern;
use crate::subject::{Subject, bare_image};

/// What a sanction is about: each condition that is there must hold; with none, it is about everything.
///
/// Vendor and service are names of the catalogue, in which case does not matter. The rest are [`Pattern`]s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Vendor's name in the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Service of that vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What the service is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "api"))]
    pub kind: Option<Kind>,
    /// Script or module behind an interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub script: Option<Pattern>,
    /// Fleet-wide name of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub program: Option<Pattern>,
    /// Package: `npm:claude`, or `claude` of any manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub package: Option<Pattern>,
    /// Name of the user; the id of one who has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<Pattern>,
    /// A group that the user is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub group: Option<Pattern>,
    /// Label of the host, `env=prod`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub host_label: Option<Pattern>,
    /// Systemd unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub unit: Option<Pattern>,
    /// Image of the container, with or without its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub image: Option<Pattern>,
    /// Kubernetes namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub namespace: Option<Pattern>,
}

/// One condition of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition<'a> {
    /// Its key in the file.
    pub key: &'static str,
    /// What it asks for.
    pub value: &'a str,
}

impl Scope {
    /// The conditions that are there.
    pub fn conditions(&self) -> impl Iterator<Item = Condition<'_>> {
        let patterns = self
            .patterns()
            .map(|(key, pattern)| (key, pattern.map(Pattern::as_str)));
        [
            ("vendor", self.vendor.as_deref()),
            ("service", self.service.as_deref()),
            ("kind", self.kind.map(Kind::as_str)),
        ]
        .into_iter()
        .chain(patterns)
        .filter_map(|(key, value)| value.map(|value| Condition { key, value }))
    }

    /// Whether it is about the subject.
    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        let uid = subject.uid.to_string();
        let user = subject.user.unwrap_or(&uid);
        called(self.vendor.as_deref(), subject.vendor)
            && called(self.service.as_deref(), subject.service)
            && self.kind.is_none_or(|kind| subject.kind == Some(kind))
            && is(self.script.as_ref(), subject.script)
            && is(self.program.as_ref(), Some(subject.program))
            && any(self.package.as_ref(), subject.package, |package| {
                package.split_once(':').map(|(_, name)| name)
            })
            && is(self.user.as_ref(), Some(user))
            && self
                .group
                .as_ref()
                .is_none_or(|group| subject.groups.iter().any(|name| group.matches(name)))
            && self.host_label.as_ref().is_none_or(|label| {
                let mut labels = subject.labels.iter();
                labels.any(|(key, value)| label.matches(&format!("{key}={value}")))
            })
            && is(self.unit.as_ref(), subject.unit)
            && any(self.image.as_ref(), subject.image, |image| {
                Some(bare_image(image))
            })
            && is(self.namespace.as_ref(), subject.namespace)
    }

    /// Whether it is about nothing that the other is not about, too: each condition of the other follows from one of
    /// its own.
    ///
    /// By rule a service is narrower than a kind, a script than a program, a program than a package, and a user than a
    /// group, whichever they are: of two that cover the same subject, nobody means it otherwise.
    pub fn is_within(&self, other: &Self) -> bool {
        let by_service = self.kind.is_none() && self.service.is_some() && other.service.is_none();
        let by_script = self.script.is_some() && other.script.is_none();
        let by_program = by_script || self.program.is_some() && other.program.is_none();
        let by_user = self.user.is_some() && other.user.is_none();
        named_within(self.vendor.as_deref(), other.vendor.as_deref())
            && named_within(self.service.as_deref(), other.service.as_deref())
            && (other.kind.is_none() || self.kind == other.kind || by_service)
            && within(self.script.as_ref(), other.script.as_ref(), false)
            && within(self.program.as_ref(), other.program.as_ref(), by_script)
            && within(self.package.as_ref(), other.package.as_ref(), by_program)
            && within(self.user.as_ref(), other.user.as_ref(), false)
            && within(self.group.as_ref(), other.group.as_ref(), by_user)
            && within(self.host_label.as_ref(), other.host_label.as_ref(), false)
            && within(self.unit.as_ref(), other.unit.as_ref(), false)
            && within(self.image.as_ref(), other.image.as_ref(), false)
            && within(self.namespace.as_ref(), other.namespace.as_ref(), false)
    }

    /// Whether it is narrower: within the other, which is not within it.
    pub fn is_narrower_than(&self, other: &Self) -> bool {
        self.is_within(other) && !other.is_within(self)
    }

    /// Whether no subject can be of both, as far as that is seen of names alone.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        let differ = |one: Option<&str>, other: Option<&str>| !named_meet(one, other);
        let kinds = matches!((self.kind, other.kind), (Some(one), Some(other)) if one != other);
        let patterns = self
            .patterns()
            .zip(other.patterns())
            .any(|((key, one), (_, other))| {
                // A user is in many groups, and a host has many labels; `claude` may be `npm:claude`, and `bot` `bot:1.2`.
                let single = !["group", "host_label", "package", "image"].contains(&key);
                single
                    && matches!((one, other), (Some(one), Some(other)) if
                    (one.is_literal() || other.is_literal())
                    && !one.is_within(other) && !other.is_within(one))
            });
        differ(self.vendor.as_deref(), other.vendor.as_deref())
            || differ(self.service.as_deref(), other.service.as_deref())
            || kinds
            || patterns
    }

    fn patterns(&self) -> impl Iterator<Item = (&'static str, Option<&Pattern>)> {
        [
            ("script", self.script.as_ref()),
            ("program", self.program.as_ref()),
            ("package", self.package.as_ref()),
            ("user", self.user.as_ref()),
            ("group", self.group.as_ref()),
            ("host_label", self.host_label.as_ref()),
            ("unit", self.unit.as_ref()),
            ("image", self.image.as_ref()),
            ("namespace", self.namespace.as_ref()),
        ]
        .into_iter()
    }
}

fn called(name: Option<&str>, subject: &str) -> bool {
    name.is_none_or(|name| name.eq_ignore_ascii_case(subject))
}

fn is(pattern: Option<&Pattern>, subject: Option<&str>) -> bool {
    pattern.is_none_or(|pattern| subject.is_some_and(|subject| pattern.matches(subject)))
}

/// Whether the pattern stands for the subject, or for the part of it that `part` gives.
fn any(pattern: Option<&Pattern>, subject: Option<&str>, part: impl Fn(&str) -> Option<&str>) -> bool {
    pattern.is_none_or(|pattern| {
        subject.is_some_and(|subject| {
            pattern.matches(subject) || part(subject).is_some_and(|part| pattern.matches(part))
        })
    })
}

/// Whether one thing can be called both.
fn named_meet(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return true;
    };
    one.eq_ignore_ascii_case(other)
}

fn named_within(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (_, None) => true,
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, Some(_)) => false,
    }
}

/// Whether the other condition follows from its like, or, where that is not there, `by_rule` from a narrower one.
fn within(one: Option<&Pattern>, other: Option<&Pattern>, by_rule: bool) -> bool {
    match (one, other) {
        (_, None) => true,
        (Some(one), Some(other)) => one.is_within(other),
        (None, Some(_)) => by_rule,
    }
}

/// `vendor OpenAI, user eve`, or `everything`.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut conditions = self.conditions();
        let Some(Condition { key, value }) = conditions.next() else {
            return formatter.write_str("everything");
        };
        write!(formatter, "{key} {value}")?;
        conditions.try_for_each(|Condition { key, value }| write!(formatter, ", {key} {value}"))
    }
}

#[cfg(test)]
mod tests;
