//! The user's own file, laid over the built-in catalogue.

use std::collections::HashSet;

use serde::Deserialize;
use toml::Spanned;

use crate::{
    error::Error,
    source::{self, Lines, VendorLines, VendorPlaces},
    vendor::{Exclusion, Reach, Vendor},
};

/// The form of the user's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Overlay {
    /// What of the built-in catalogue does not count.
    #[serde(default)]
    disable: Disable,
    /// Vendors in the form of the built-in files; one of a known name is merged into it.
    #[serde(default, rename = "vendor")]
    pub(crate) vendors: Vec<Vendor>,
    #[serde(skip)]
    lines: Lines,
    /// One of each of `vendors`.
    #[serde(skip)]
    pub(crate) vendor_lines: Vec<VendorLines>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disable {
    /// Names of vendors.
    #[serde(default)]
    vendors: Vec<Spanned<String>>,
    /// Hosts of patterns and exclusions, as written there.
    #[serde(default)]
    hosts: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
struct OverlayPlaces {
    #[serde(default)]
    vendor: Vec<VendorPlaces>,
}

impl Overlay {
    /// Parses the user's file and checks its hosts.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let mut overlay: Self = source::form(file, text)?;
        overlay.lines = Lines::new(text);
        let places: OverlayPlaces = source::form(file, text)?;
        overlay.vendor_lines = places
            .vendor
            .iter()
            .map(|vendor| vendor.lines(&overlay.lines))
            .collect();
        for (vendor, lines) in overlay.vendors.iter().zip(&overlay.vendor_lines) {
            source::check_hosts(file, vendor, lines)?;
        }
        Ok(overlay)
    }

    /// Lays the file over `vendors`.
    pub(crate) fn apply(self, file: &str, vendors: &mut Vec<Vendor>) -> Result<(), Error> {
        let missing = |what, name: &Spanned<String>| Error::NothingToDisable {
            file: file.to_owned(),
            line: self.lines.line(&name.span()),
            what,
            name: name.as_ref().clone(),
        };
        for name in &self.disable.vendors {
            let index = vendors.iter().position(|vendor| vendor.is_called(name.as_ref()));
            vendors.remove(index.ok_or_else(|| missing("vendor", name))?);
        }
        for host in &self.disable.hosts {
            if !forget(vendors, |pattern_host, _| pattern_host == host.as_ref()) {
                return Err(missing("host", host));
            }
        }
        let own_hosts: HashSet<(String, Reach)> = self
            .vendors
            .iter()
            .flat_map(Vendor::hosts)
            .map(|(host, reach, _)| (host.to_owned(), reach))
            .collect();
        forget(vendors, |host, reach| {
            own_hosts.contains(&(host.to_owned(), reach))
        });
        for own in self.vendors {
            match vendors.iter_mut().find(|vendor| vendor.is_called(&own.name)) {
                Some(vendor) => merge(vendor, own),
                None => vendors.push(own),
            }
        }
        Ok(())
    }
}

/// Removes patterns and exclusions; says whether there were any.
fn forget(vendors: &mut [Vendor], unwanted: impl Fn(&str, Reach) -> bool) -> bool {
    let count = |vendors: &[Vendor]| vendors.iter().map(|vendor| vendor.hosts().count()).sum::<usize>();
    let before = count(vendors);
    for vendor in vendors.iter_mut() {
        vendor
            .exclude
            .retain(|exclusion: &Exclusion| !unwanted(&exclusion.host, exclusion.reach));
        for service in &mut vendor.services {
            service
                .patterns
                .retain(|pattern| !unwanted(&pattern.host, pattern.reach));
        }
        vendor.services.retain(|service| !service.patterns.is_empty());
    }
    count(vendors) < before
}

/// Adds services and patterns, and replaces each fact and link that the user's file states.
fn merge(vendor: &mut Vendor, own: Vendor) {
    vendor.aliases.extend(own.aliases);
    for service in own.services {
        match vendor
            .services
            .iter_mut()
            .find(|known| (&known.name, &known.plan) == (&service.name, &service.plan))
        {
            Some(known) => known.patterns.extend(service.patterns),
            None => vendor.services.push(service),
        }
    }
    vendor.exclude.extend(own.exclude);
    macro_rules! replace {
        ($($fact:ident),+) => { $(if own.$fact.value().is_some() { vendor.$fact = own.$fact; })+ };
    }
    replace!(
        headquarters,
        data_processing_agreement,
        training_default,
        eu_residency
    );
    vendor.links.homepage = own.links.homepage.or(vendor.links.homepage.take());
    vendor.links.privacy_policy = own.links.privacy_policy.or(vendor.links.privacy_policy.take());
}
