//! Vendors and services by the names that people use.

use std::collections::BTreeSet;

use umbra_catalog::{Catalogue, Kind, Service, Vendor};

use crate::scope::Scope;

/// What the catalogue calls them.
pub(super) struct Named {
    pub(super) vendor: Option<String>,
    pub(super) service: Option<String>,
    /// What it does not know.
    pub(super) odd: Vec<String>,
}

/// Looks a vendor and a service up. What the catalogue does not know stays as it is: a later one may.
pub(super) fn resolve(
    catalogue: &Catalogue,
    vendor: Option<String>,
    service: Option<String>,
) -> Result<Named, String> {
    let known = vendor.as_deref().map(|name| catalogue.vendor(name));
    match (vendor, service) {
        (None, None) => Ok(Named {
            vendor: None,
            service: None,
            odd: Vec::new(),
        }),
        (Some(vendor), service) => match known.flatten() {
            None => Ok(Named {
                odd: vec![format!(
                    "the catalogue has no vendor {vendor}; `umbra-agent match HOST` tells what a vendor is called"
                )],
                vendor: Some(vendor),
                service,
            }),
            Some(known) => Ok(of(known, service)),
        },
        (None, Some(service)) => {
            let all = catalogue.vendors().iter();
            let offering: Vec<_> = all.filter(|vendor| called(vendor, &service).is_some()).collect();
            match offering[..] {
                [] => Err(format!(
                    "the catalogue has no service {service}: name its `vendor`, too"
                )),
                [vendor] => Ok(of(vendor, Some(service))),
                _ => {
                    let names: Vec<_> = offering.iter().map(|vendor| vendor.name.as_str()).collect();
                    Err(format!(
                        "a service {service} is offered by {}: name the `vendor`, too",
                        names.join(" and ")
                    ))
                }
            }
        }
    }
}

/// What the things that a scope is about are for; `None`: anything, or what the catalogue does not know.
pub(super) fn kinds(catalogue: &Catalogue, scope: &Scope) -> Option<BTreeSet<Kind>> {
    if let Some(kind) = scope.kind {
        return Some(BTreeSet::from([kind]));
    }
    let vendor = catalogue.vendor(scope.vendor.as_deref()?)?;
    let is_of = |service: &&Service| {
        let name = scope.service.as_deref();
        name.is_none_or(|name| name.eq_ignore_ascii_case(&service.name))
    };
    let services = vendor.services.iter().filter(is_of);
    let kinds: BTreeSet<Kind> = services
        .flat_map(|service| &service.patterns)
        .map(|pattern| pattern.kind)
        .collect();
    (!kinds.is_empty()).then_some(kinds)
}

fn of(vendor: &Vendor, service: Option<String>) -> Named {
    let known = service.as_deref().map(|service| called(vendor, service));
    let odd = match (&service, known) {
        (Some(service), Some(None)) => {
            let names: Vec<_> = vendor
                .services
                .iter()
                .map(|service| service.name.as_str())
                .collect();
            vec![format!(
                "{} has no service {service} in the catalogue; it has {}",
                vendor.name,
                names.join(", ")
            )]
        }
        _ => Vec::new(),
    };
    Named {
        vendor: Some(vendor.name.clone()),
        service: known.flatten().map(str::to_owned).or(service),
        odd,
    }
}

fn called<'a>(vendor: &'a Vendor, service: &str) -> Option<&'a str> {
    let mut names = vendor.services.iter().map(|service| service.name.as_str());
    names.find(|name| name.eq_ignore_ascii_case(service))
}
