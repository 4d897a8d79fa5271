//! A vendor as its file describes it. The form is `README.md`'s; unknown keys are refused.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    fact::{Agreement, Country, Fact, Residency, Training},
    kind::{Confidence, Kind},
};

/// A company or project that offers AI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// What people call it; unique in the catalogue.
    pub name: String,
    /// Other names, former names, names of the company behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where the company has its seat.
    #[serde(default)]
    pub headquarters: Fact<Country>,
    /// Whether it signs a data-processing agreement.
    #[serde(default)]
    pub data_processing_agreement: Fact<Agreement>,
    /// Whether content trains models unless the customer objects.
    #[serde(default)]
    pub training_default: Fact<Training>,
    /// Whether content can be kept in the European Union.
    #[serde(default)]
    pub eu_residency: Fact<Residency>,
    /// Pages for people.
    #[serde(default)]
    pub links: Links,
    /// What it offers.
    #[serde(default, rename = "service", skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Hosts under its suffixes that are not use of AI.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclusion>,
}

/// Pages of a vendor, `https` addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Links {
    /// Start page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_policy: Option<String>,
}

/// One product of a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What people call it.
    pub name: String,
    /// The customer's plan, where the host tells it (`individual`, `business`, `enterprise`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The names that it is reached at.
    pub patterns: Vec<Pattern>,
}

/// Names of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// Lower-case host; `*` is a whole label or the beginning of one.
    pub host: String,
    /// The host alone, or everything below it too.
    #[serde(rename = "match")]
    pub reach: Reach,
    /// What the service is for.
    pub kind: Kind,
    /// How sure the pattern is.
    pub confidence: Confidence,
    /// Who says so: ids of `sources.toml`, or `https` addresses.
    pub sources: Vec<String>,
    /// When the sources were last read.
    pub verified_on: Date,
}

/// A host that stays out although a suffix covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Lower-case host without a wildcard.
    pub host: String,
    /// The host alone, or everything below it too.
    #[serde(rename = "match")]
    pub reach: Reach,
    /// Why it is not use of AI.
    pub reason: String,
}

/// How far a host reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The host alone.
    Exact,
    /// The host and everything below it.
    Suffix,
}

impl Service {
    /// Whether it is for people that pay for themselves, or not at all, where its host tells.
    pub fn is_personal(&self) -> bool {
        self.plan.as_deref() == Some("individual")
    }
}

impl Vendor {
    /// Whether `name` is the vendor's name or one of its aliases; case does not matter.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }

    /// Every host of the file in the file's order, exclusions last, with its reach and whether it is excluded.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, Reach, bool)> {
        let patterns = self.services.iter().flat_map(|service| &service.patterns);
        let patterns = patterns.map(|pattern| (pattern.host.as_str(), pattern.reach, false));
        patterns.chain(
            self.exclude
                .iter()
                .map(|exclusion| (exclusion.host.as_str(), exclusion.reach, true)),
        )
    }
}
