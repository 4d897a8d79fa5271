//! Reads the TOML form of the catalogue, and knows the line of everything in it.

use std::ops::Range;

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use toml::Spanned;

use crate::{
    error::Error,
    host,
    vendor::{Reach, Vendor},
};

/// Parses one vendor's file. Errors carry `file` and the line.
#[cfg_attr(
    not(any(test, feature = "lint")),
    allow(dead_code, reason = "the build script and the linter read vendor files")
)]
pub(crate) fn vendor(file: &str, text: &str) -> Result<Vendor, Error> {
    let vendor: Vendor = form(file, text)?;
    check_hosts(file, &vendor, &vendor_lines(text))?;
    Ok(vendor)
}

/// Parses any form of the catalogue.
pub(crate) fn form<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    toml::from_str(text).map_err(|error| Error::Form {
        file: file.to_owned(),
        line: Lines::new(text).line(&error.span().unwrap_or_default()),
        message: error.message().replace('\n', " "),
    })
}

/// Checks every host of a vendor.
pub(crate) fn check_hosts(file: &str, vendor: &Vendor, lines: &VendorLines) -> Result<(), Error> {
    for ((host, reach, excluded), line) in vendor.hosts().zip(&lines.hosts) {
        host::check(host, reach == Reach::Exact, excluded).map_err(|problem| Error::Host {
            file: file.to_owned(),
            line: *line,
            host: host.to_owned(),
            problem,
        })?;
    }
    Ok(())
}

/// The lines of a vendor's file that has been parsed.
#[cfg_attr(
    not(any(test, feature = "lint")),
    allow(dead_code, reason = "the build script and the linter read vendor files")
)]
pub(crate) fn vendor_lines(text: &str) -> VendorLines {
    let places: VendorPlaces = toml::from_str(text).expect("it has been parsed as a vendor");
    places.lines(&Lines::new(text))
}

/// Finds the line of a place in a text.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.bytes().enumerate();
        Self(
            bytes
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
        )
    }

    /// Counted from 1.
    pub(crate) fn line(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

/// The lines of a vendor's parts, counted from 1.
#[derive(Debug)]
#[cfg_attr(
    not(any(test, feature = "lint")),
    allow(dead_code, reason = "only the linter finds fault with anything but hosts")
)]
pub(crate) struct VendorLines {
    /// In the order of [`Vendor::hosts`].
    pub(crate) hosts: Vec<usize>,
    /// Of the services' names.
    pub(crate) services: Vec<usize>,
    /// Of the exclusions' hosts.
    pub(crate) exclusions: Vec<usize>,
    /// Of keys with one value.
    keys: Vec<(&'static str, usize)>,
}

impl VendorLines {
    /// The line of a key that the vendor has.
    #[cfg_attr(
        not(any(test, feature = "lint")),
        allow(dead_code, reason = "only the linter finds fault with anything but hosts")
    )]
    pub(crate) fn key(&self, key: &str) -> usize {
        let found = self.keys.iter().find(|(name, _)| *name == key);
        found.map_or(1, |(_, line)| *line)
    }
}

/// [`Vendor`] with nothing but the places of its values.
#[derive(Deserialize)]
pub(crate) struct VendorPlaces {
    name: Place,
    headquarters: Option<Place>,
    data_processing_agreement: Option<Place>,
    training_default: Option<Place>,
    eu_residency: Option<Place>,
    #[serde(default)]
    links: LinkPlaces,
    #[serde(default)]
    service: Vec<ServicePlaces>,
    #[serde(default)]
    exclude: Vec<HostPlace>,
}

type Place = Spanned<IgnoredAny>;

#[derive(Default, Deserialize)]
struct LinkPlaces {
    homepage: Option<Place>,
    privacy_policy: Option<Place>,
}

#[derive(Deserialize)]
struct ServicePlaces {
    name: Place,
    patterns: Vec<HostPlace>,
}

#[derive(Deserialize)]
struct HostPlace {
    host: Place,
}

impl VendorPlaces {
    pub(crate) fn lines(&self, lines: &Lines) -> VendorLines {
        let line = |place: &Place| lines.line(&place.span());
        let patterns = self.service.iter().flat_map(|service| &service.patterns);
        let keys = [
            ("name", Some(&self.name)),
            ("headquarters", self.headquarters.as_ref()),
            (
                "data_processing_agreement",
                self.data_processing_agreement.as_ref(),
            ),
            ("training_default", self.training_default.as_ref()),
            ("eu_residency", self.eu_residency.as_ref()),
            ("homepage", self.links.homepage.as_ref()),
            ("privacy_policy", self.links.privacy_policy.as_ref()),
        ];
        VendorLines {
            hosts: patterns.chain(&self.exclude).map(|at| line(&at.host)).collect(),
            services: self.service.iter().map(|at| line(&at.name)).collect(),
            exclusions: self.exclude.iter().map(|at| line(&at.host)).collect(),
            keys: keys
                .into_iter()
                .filter_map(|(key, place)| Some((key, line(place?))))
                .collect(),
        }
    }
}
