//! The catalogue in memory: vendors, numbered patterns, and the compiled trie.

use std::{collections::HashSet, fs, net::IpAddr, path::Path};

use crate::{
    address,
    compile::{Rule, TRIE_CAPACITY, compile},
    error::Error,
    kind::{Confidence, Kind},
    lpm::{Lpm, TrieEntry},
    overlay::Overlay,
    vendor::{Pattern, Reach, Service, Vendor},
};

/// `vendors/*.toml`, checked and packed by the build script.
const BUILTIN: &str = include_str!(concat!(env!("OUT_DIR"), "/vendors.json"));

/// Every vendor, and the patterns compiled for kernel and user space alike.
#[derive(Clone, Debug)]
pub struct Catalogue {
    vendors: Vec<Vendor>,
    /// Vendor, service and pattern of each number, which counts from 1.
    numbers: Vec<(u16, u16, u16)>,
    lpm: Lpm,
}

/// What the catalogue says of a name.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// The number that the kernel's trie carries, counted from 1; it holds for this catalogue in this process.
    pub number: u32,
    /// The vendor, with its governance facts.
    pub vendor: &'a Vendor,
    /// The service, with the plan where the host tells it.
    pub service: &'a Service,
    /// The pattern that won.
    pub pattern: &'a Pattern,
}

impl<'a> Match<'a> {
    /// The vendor's name.
    pub fn vendor_name(&self) -> &'a str {
        &self.vendor.name
    }

    /// The service's name.
    pub fn service_name(&self) -> &'a str {
        &self.service.name
    }

    /// What the service is for.
    pub fn kind(&self) -> Kind {
        self.pattern.kind
    }

    /// How sure the pattern is.
    pub fn confidence(&self) -> Confidence {
        self.pattern.confidence
    }

    /// The pattern's text.
    pub fn host(&self) -> &'a str {
        &self.pattern.host
    }

    /// The host name that can be resolved for evidence `ip`: the pattern's, unless it has a wildcard or is an address.
    pub fn resolvable(&self) -> Option<&'a str> {
        let host = &*self.pattern.host;
        let is_name = !host.contains('*') && host.parse::<IpAddr>().is_err();
        is_name.then_some(host)
    }
}

impl Catalogue {
    /// The catalogue that the program was built with.
    ///
    /// # Panics
    /// Never: the build script has checked the data, and a test compiles them.
    pub fn builtin() -> Self {
        Self::new("built-in catalogue", builtin_vendors()).expect("a test compiles the built-in catalogue")
    }

    /// The built-in catalogue with the user's own file laid over it.
    pub fn with_override(path: &Path) -> Result<Self, Error> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|cause| Error::Read {
            file: file.clone(),
            cause,
        })?;
        Self::with_override_text(&file, &text)
    }

    /// Like [`Catalogue::with_override`], from a text; `file` is what errors call it.
    pub fn with_override_text(file: &str, text: &str) -> Result<Self, Error> {
        Self::with_overrides(&[(file, text)])
    }

    /// The built-in catalogue with several files laid over it, each over those before: what errors call it, and its
    /// text.
    pub fn with_overrides(files: &[(&str, &str)]) -> Result<Self, Error> {
        let mut vendors = builtin_vendors();
        for (file, text) in files {
            let overlay = Overlay::parse(file, text)?;
            if let Some((host, line)) = repeated(&overlay) {
                return Err(Error::Duplicate {
                    file: (*file).to_owned(),
                    line,
                    host,
                });
            }
            overlay.apply(file, &mut vendors)?;
        }
        let last = files.last().map_or("built-in catalogue", |(file, _)| *file);
        Self::new(last, vendors)
    }

    /// What the catalogue says of a host name, in any case, with or without a trailing dot, or of an address.
    pub fn lookup(&self, name: &str) -> Option<Match<'_>> {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.pattern(self.lpm.lookup(&address::looked_up(name)))
    }

    /// The pattern of a number from the kernel's trie.
    pub fn pattern(&self, number: u32) -> Option<Match<'_>> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        let (vendor, service, pattern) = *self.numbers.get(index)?;
        let vendor = &self.vendors[usize::from(vendor)];
        let service = &vendor.services[usize::from(service)];
        Some(Match {
            number,
            vendor,
            service,
            pattern: &service.patterns[usize::from(pattern)],
        })
    }

    /// Every pattern, in the order of their numbers.
    pub fn patterns(&self) -> impl Iterator<Item = Match<'_>> {
        (1..).map_while(|number| self.pattern(number))
    }

    /// The entries for the kernel's map.
    pub fn trie(&self) -> impl ExactSizeIterator<Item = TrieEntry> {
        self.lpm.entries()
    }

    /// A vendor by its name or an alias of it; case does not matter.
    pub fn vendor(&self, name: &str) -> Option<&Vendor> {
        let by_name = self
            .vendors
            .iter()
            .find(|vendor| vendor.name.eq_ignore_ascii_case(name));
        by_name.or_else(|| self.vendors.iter().find(|vendor| vendor.is_called(name)))
    }

    /// Every vendor.
    pub fn vendors(&self) -> &[Vendor] {
        &self.vendors
    }

    pub(crate) fn new(file: &str, vendors: Vec<Vendor>) -> Result<Self, Error> {
        let too_large = || Error::TooLarge {
            file: file.to_owned(),
            capacity: TRIE_CAPACITY,
        };
        let (mut numbers, mut hosts) = (Vec::new(), Vec::new());
        for (v, vendor) in vendors.iter().enumerate() {
            for (s, service) in vendor.services.iter().enumerate() {
                for (p, pattern) in service.patterns.iter().enumerate() {
                    numbers.push(place(v, s, p).ok_or_else(too_large)?);
                    let number = u32::try_from(numbers.len()).map_err(|_| too_large())?;
                    hosts.push((&pattern.host, pattern.reach, number));
                }
            }
            let exclusions = vendor.exclude.iter();
            hosts.extend(exclusions.map(|hole| (&hole.host, hole.reach, 0)));
        }
        let names: Vec<(String, Reach, u32)> = hosts
            .into_iter()
            .flat_map(|(host, reach, number)| {
                let names = address::names(host).into_iter();
                names.map(move |name| (name, reach, number))
            })
            .collect();
        let rules: Vec<Rule<'_>> = names
            .iter()
            .map(|(host, reach, number)| Rule {
                host,
                reach: *reach,
                number: *number,
            })
            .collect();
        let lpm = Lpm::new(compile(&rules).map_err(|_| too_large())?);
        Ok(Self {
            vendors,
            numbers,
            lpm,
        })
    }
}

pub(crate) fn builtin_vendors() -> Vec<Vendor> {
    serde_json::from_str(BUILTIN).expect("the build script has written it")
}

fn place(vendor: usize, service: usize, pattern: usize) -> Option<(u16, u16, u16)> {
    Some((
        vendor.try_into().ok()?,
        service.try_into().ok()?,
        pattern.try_into().ok()?,
    ))
}

/// The first host that comes twice with the same reach, and its line.
fn repeated(overlay: &Overlay) -> Option<(String, usize)> {
    let mut seen = HashSet::new();
    for (vendor, lines) in overlay.vendors.iter().zip(&overlay.vendor_lines) {
        for ((host, reach, _), line) in vendor.hosts().zip(&lines.hosts) {
            if !seen.insert((host, reach)) {
                return Some((host.to_owned(), *line));
            }
        }
    }
    None
}
