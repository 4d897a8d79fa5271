//! Finds the collector: as configured, or by SRV record `_umbra-collector._tcp.DOMAIN` of the host's search domains.

pub mod addresses;
mod destination;
mod service;

use std::time::{Duration, Instant};

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{TokioResolver, system_conf};

use crate::config::CollectorUrl;

pub use destination::{Destination, Presence};

/// Before the domain.
const SERVICE: &str = "_umbra-collector._tcp";

/// What resolv.conf(5) allowed for long; more domains are not asked.
const DOMAINS: usize = 6;

/// Bounds of how long an answer is used, whatever its time to live.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The DNS could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// `/etc/resolv.conf` cannot be used.
    #[error(
        "cannot read the resolver's configuration /etc/resolv.conf: {0}; name the collector with --collector URL"
    )]
    Configuration(#[source] Box<NetError>),
    /// The resolver could not be made.
    #[error("cannot set up the resolver: {0}; name the collector with --collector URL")]
    Resolver(#[source] Box<NetError>),
    /// No server had an answer.
    #[error("cannot ask the DNS for {name}: {source}; name the collector with --collector URL")]
    Lookup {
        /// What was asked for.
        name: Box<Name>,
        /// What went wrong.
        source: Box<NetError>,
    },
}

/// Asks the DNS for collectors.
pub struct Discovery {
    resolver: TokioResolver,
    services: Vec<Name>,
}

/// Collectors in the order in which to try them.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Never empty.
    pub collectors: Vec<CollectorUrl>,
    /// When to ask again.
    pub expires: Instant,
}

impl Discovery {
    /// Uses the servers and search domains of `/etc/resolv.conf`.
    pub fn from_system() -> Result<Self, DiscoveryError> {
        let (config, options) =
            system_conf::read_system_conf().map_err(|error| DiscoveryError::Configuration(error.into()))?;
        Self::new(config, options)
    }

    /// Uses the servers and search domains of `config`.
    pub fn new(config: ResolverConfig, options: ResolverOpts) -> Result<Self, DiscoveryError> {
        let mut services = Vec::new();
        for domain in config.search().iter().chain(config.domain()) {
            // A name that is too long with the service before it cannot have one.
            let Ok(mut service) = Name::from_ascii(SERVICE).and_then(|service| service.append_domain(domain))
            else {
                continue;
            };
            service.set_fqdn(true);
            if !domain.is_root() && !services.contains(&service) && services.len() < DOMAINS {
                services.push(service);
            }
        }
        Ok(Self {
            resolver: resolver(config, options)?,
            services,
        })
    }

    /// The names that are asked for.
    pub fn services(&self) -> &[Name] {
        &self.services
    }

    /// Asks; the first domain with a collector counts. `None`: the DNS says that there is none.
    pub async fn find(&self) -> Result<Option<Found>, DiscoveryError> {
        let mut trouble = None;
        for name in &self.services {
            match self.resolver.lookup(name.clone(), RecordType::SRV).await {
                Ok(answer) => {
                    let records = answer.answers().iter().filter_map(|record| match &record.data {
                        RData::SRV(service) => Some(service.clone()),
                        _ => None,
                    });
                    let collectors: Vec<_> = service::in_order(records.collect(), &mut fastrand::Rng::new())
                        .iter()
                        .filter_map(service::address)
                        .collect();
                    if !collectors.is_empty() {
                        let now = Instant::now();
                        let expires = answer.valid_until().clamp(now + SHORTEST, now + LONGEST);
                        return Ok(Some(Found { collectors, expires }));
                    }
                }
                Err(error) if error.is_no_records_found() => {}
                Err(source) => {
                    let (name, source) = (name.clone().into(), source.into());
                    trouble = Some(DiscoveryError::Lookup { name, source });
                }
            }
        }
        trouble.map_or(Ok(None), Err)
    }
}

/// Without a cache: whoever asks wants to know what is true now, and a cache is memory.
fn resolver(config: ResolverConfig, mut options: ResolverOpts) -> Result<TokioResolver, DiscoveryError> {
    options.cache_size = 0;
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        .with_options(options)
        .build()
        .map_err(|error| DiscoveryError::Resolver(error.into()))
}

#[cfg(test)]
mod tests;
