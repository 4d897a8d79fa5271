//! Reads the TOML form of the catalogue, and knows the line of every host in it.

use std::ops::Range;

use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;

use crate::{error::Error, host, vendor::Vendor};

/// Parses one vendor's file. Errors carry `file` and the line.
#[cfg_attr(
    not(any(test, feature = "lint")),
    allow(dead_code, reason = "the build script and the linter read vendor files")
)]
pub(crate) fn vendor(file: &str, text: &str) -> Result<Vendor, Error> {
    let vendor: Vendor = form(file, text)?;
    check_hosts(file, &vendor, &host_lines(text))?;
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

/// Checks every host of a vendor; `lines` as [`host_lines`] gives them.
pub(crate) fn check_hosts(file: &str, vendor: &Vendor, lines: &[usize]) -> Result<(), Error> {
    for (index, (host, _, excluded)) in vendor.hosts().enumerate() {
        host::check(host, excluded).map_err(|problem| Error::Host {
            file: file.to_owned(),
            line: lines.get(index).copied().unwrap_or(1),
            host: host.to_owned(),
            problem,
        })?;
    }
    Ok(())
}

/// The line of each host of a vendor's file, in the order of [`Vendor::hosts`].
#[cfg_attr(
    not(any(test, feature = "lint")),
    allow(dead_code, reason = "the build script and the linter read vendor files")
)]
pub(crate) fn host_lines(text: &str) -> Vec<usize> {
    let places = toml::from_str::<VendorPlaces>(text);
    places
        .map(|places| places.lines(&Lines::new(text)))
        .unwrap_or_default()
}

/// Finds the line of a place in a text.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        Self(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at)
                .collect(),
        )
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|end| *end < span.start) + 1
    }
}

/// Where the hosts of a vendor stand: [`Vendor`] without anything but the places.
#[derive(Deserialize)]
pub(crate) struct VendorPlaces {
    #[serde(default)]
    service: Vec<ServicePlaces>,
    #[serde(default)]
    exclude: Vec<HostPlace>,
}

#[derive(Deserialize)]
struct ServicePlaces {
    patterns: Vec<HostPlace>,
}

#[derive(Deserialize)]
struct HostPlace {
    host: Spanned<String>,
}

impl VendorPlaces {
    pub(crate) fn lines(&self, lines: &Lines) -> Vec<usize> {
        let patterns = self.service.iter().flat_map(|service| &service.patterns);
        patterns
            .chain(&self.exclude)
            .map(|place| lines.line(&place.host.span()))
            .collect()
    }
}
