//! Sources, links, dates and names.

use std::collections::BTreeMap;

use jiff::{Zoned, civil::Date};
use serde::Deserialize;

use super::{Placed, Problem};
use crate::{Confidence, Error, Pattern, Vendor, source};

/// `sources.toml` and `shared-domains.toml`.
pub(crate) struct Rules {
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) domains: Domains,
    /// No date may be later.
    pub(crate) today: Date,
}

/// Who says something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "link")]
    _link: Option<String>,
    #[serde(rename = "licence")]
    _licence: Option<String>,
    /// Proves nothing alone.
    #[serde(default)]
    weak: bool,
    /// The vendor speaks for itself: it needs no second.
    #[serde(default)]
    vendor: bool,
}

/// Domains that carry more than AI.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domains {
    /// Domain and what else it carries.
    pub(crate) shared: BTreeMap<String, String>,
    /// Shared domains of which `*.` is right, and why.
    pub(crate) families: BTreeMap<String, String>,
    /// Names that no pattern may match.
    pub(crate) never: Never,
    /// Public suffixes that are listed all the same, and why.
    pub(crate) allowed: BTreeMap<String, String>,
}

/// Names that no pattern may match.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Never {
    pub(crate) hosts: Vec<String>,
}

impl Rules {
    pub(crate) fn parse(sources: &str, domains: &str) -> Result<Self, Error> {
        Ok(Self {
            sources: source::form("catalog/sources.toml", sources)?,
            domains: source::form("catalog/shared-domains.toml", domains)?,
            today: Zoned::now().date(),
        })
    }

    pub(crate) fn shipped() -> Result<Self, Error> {
        Self::parse(
            include_str!("../../sources.toml"),
            include_str!("../../shared-domains.toml"),
        )
    }
}

pub(super) fn check(rules: &Rules, placed: &Placed, problems: &mut Vec<Problem>) {
    let Placed { file, vendor, lines } = placed;
    let mut report = |line, subject: &str, message: String| {
        problems.push(Problem {
            file: file.clone(),
            line,
            subject: subject.to_owned(),
            message,
        });
    };
    if vendor.name.trim() != vendor.name || vendor.name.is_empty() {
        report(
            lines.key("name"),
            "name",
            "is empty or has spaces around it; write the vendor's name".to_owned(),
        );
    }
    for (key, link) in links(vendor) {
        if !link.starts_with("https://") {
            report(
                lines.key(key),
                key,
                format!("is `{link}`, not an https address; give the page's full address"),
            );
        }
    }
    for (service, line) in vendor.services.iter().zip(&lines.services) {
        if service.patterns.is_empty() {
            report(
                *line,
                &service.name,
                "has no patterns; add one or remove the service".to_owned(),
            );
        }
    }
    let patterns = vendor.services.iter().flat_map(|service| &service.patterns);
    for (pattern, line) in patterns.zip(&lines.hosts) {
        for message in pattern_problems(rules, pattern) {
            report(*line, &pattern.host, message);
        }
    }
    for (exclusion, line) in vendor.exclude.iter().zip(&lines.exclusions) {
        if exclusion.reason.is_empty() {
            report(
                *line,
                &exclusion.host,
                "is excluded without a reason; say why it is not use of AI".to_owned(),
            );
        }
    }
}

fn links(vendor: &Vendor) -> impl Iterator<Item = (&'static str, &str)> {
    let facts = [
        ("headquarters", vendor.headquarters.source()),
        (
            "data_processing_agreement",
            vendor.data_processing_agreement.source(),
        ),
        ("training_default", vendor.training_default.source()),
        ("eu_residency", vendor.eu_residency.source()),
        ("homepage", vendor.links.homepage.as_deref()),
        ("privacy_policy", vendor.links.privacy_policy.as_deref()),
    ];
    facts.into_iter().filter_map(|(key, link)| Some((key, link?)))
}

fn pattern_problems(rules: &Rules, pattern: &Pattern) -> Vec<String> {
    let mut messages = Vec::new();
    if pattern.verified_on > rules.today {
        messages.push(format!(
            "was verified on {}, which is to come; write the day on which its sources were read",
            pattern.verified_on
        ));
    }
    if pattern.sources.is_empty() {
        messages.push("has no source; name one of sources.toml or a page's https address".to_owned());
    }
    let (mut sound, mut vendor) = (0, false);
    for source in &pattern.sources {
        match rules.sources.get(source) {
            Some(known) => {
                sound += usize::from(!known.weak);
                vendor |= known.vendor;
            }
            None if source.starts_with("https://") => (sound, vendor) = (sound + 1, true),
            None => messages.push(format!(
                "names the source `{source}`; name an id of catalog/sources.toml or a page's https address"
            )),
        }
    }
    match pattern.confidence {
        Confidence::Medium | Confidence::High if sound == 0 => messages
            .push("claims more than low confidence without a sound source; lower it or name one".to_owned()),
        Confidence::High if sound == 1 && !vendor => messages.push(
            "claims high confidence on one list's word; name a second source or the vendor's own page, or \
             lower it to medium"
                .to_owned(),
        ),
        _ => {}
    }
    messages
}
