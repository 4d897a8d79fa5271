//! Evidence `ip`: addresses of the catalogue's exact names, looked up slowly, one after the other.
//!
//! Off unless configured, because an agent that asks for hundreds of AI names fills the logs of everybody's DNS
//! servers with AI use that never was.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{TokioResolver, system_conf};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::debug;

use super::DiscoveryError;

/// More addresses are not remembered.
const ADDRESSES: usize = 8_192;

/// What is looked up, and what was found; clones share it.
#[derive(Clone, Debug)]
pub struct Addresses {
    claims: Arc<Mutex<HashMap<IpAddr, Claim>>>,
    names: Arc<watch::Sender<Vec<Arc<str>>>>,
}

#[derive(Debug)]
struct Claim {
    /// One; or more, and then the address is evidence for none of them.
    names: Vec<Arc<str>>,
    until: Instant,
}

/// Looks names up for ever.
pub struct Seeker {
    resolver: TokioResolver,
    every: Duration,
    addresses: Addresses,
}

impl Addresses {
    fn of(names: Vec<Arc<str>>) -> Self {
        Self {
            claims: Arc::default(),
            names: Arc::new(watch::Sender::new(names)),
        }
    }

    /// Looks for the addresses of these names from now on, and knows those of no others.
    pub fn look_for(&self, names: Vec<Arc<str>>) {
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims.retain(|_, claim| {
            claim.names.retain(|name| names.contains(name));
            !claim.names.is_empty()
        });
        // Under the lock: an answer that comes meanwhile finds the new names.
        self.names.send_replace(names);
    }

    /// Addresses that only one catalogue name has now, with that name.
    pub fn current(&self) -> Vec<(IpAddr, Arc<str>)> {
        let now = Instant::now();
        let claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims
            .iter()
            .filter(|(_, claim)| now < claim.until)
            .filter_map(|(ip, claim)| match claim.names.as_slice() {
                [name] => Some((*ip, name.clone())),
                _ => None,
            })
            .collect()
    }

    fn claim(&self, ip: IpAddr, name: &Arc<str>, until: Instant) {
        let now = Instant::now();
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.names.borrow().contains(name) {
            return;
        }
        if let Some(claim) = claims.get_mut(&ip).filter(|claim| now < claim.until) {
            if !claim.names.contains(name) {
                claim.names.push(name.clone());
            }
            claim.until = claim.until.max(until);
            return;
        }
        if claims.len() >= ADDRESSES {
            claims.retain(|_, claim| now < claim.until);
        }
        if claims.len() < ADDRESSES {
            claims.insert(
                ip,
                Claim {
                    names: vec![name.clone()],
                    until,
                },
            );
        }
    }
}

impl Seeker {
    /// Will ask the servers of `/etc/resolv.conf` for one of `names` `every` so often, or a little later.
    pub fn from_system(names: Vec<Arc<str>>, every: Duration) -> Result<Self, DiscoveryError> {
        let (config, options) =
            system_conf::read_system_conf().map_err(|error| DiscoveryError::Configuration(error.into()))?;
        Self::new(config, options, names, every)
    }

    /// Will ask the servers of `config`.
    pub fn new(
        config: ResolverConfig,
        options: ResolverOpts,
        names: Vec<Arc<str>>,
        every: Duration,
    ) -> Result<Self, DiscoveryError> {
        Ok(Self {
            resolver: super::resolver(config, options)?,
            every,
            addresses: Addresses::of(names),
        })
    }

    /// What [`Seeker::run`] finds.
    pub fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }

    /// Asks until dropped.
    pub async fn run(self) {
        let mut names = self.addresses.names.subscribe();
        loop {
            let round = names.borrow_and_update().clone();
            // An answer is used at least until its name's turn comes again: many live for a minute only.
            let turns = u32::try_from(round.len()).unwrap_or(u32::MAX).saturating_mul(2);
            let shortest = self.every.saturating_mul(turns).max(Duration::from_mins(1));
            for name in &round {
                self.ask(name, shortest).await;
                let pause = self.every.mul_f64(1.0 + fastrand::f64() / 2.0);
                if timeout(pause, names.changed()).await.is_ok() {
                    break;
                }
            }
            if round.is_empty() {
                // Its sender is this seeker's own: it cannot be gone.
                let _ = names.changed().await;
            }
        }
    }

    async fn ask(&self, name: &Arc<str>, shortest: Duration) {
        // Fully qualified: the search domains are not asked.
        let Ok(mut question) = Name::from_utf8(name.as_ref()) else {
            return;
        };
        question.set_fqdn(true);
        match self.resolver.lookup_ip(question).await {
            Ok(answer) => {
                let until = answer.valid_until().max(Instant::now() + shortest);
                answer
                    .iter()
                    .filter(|ip| is_public(*ip))
                    .for_each(|ip| self.addresses.claim(ip, name, until));
            }
            Err(error) => debug!("no address of {name}: {error}"),
        }
    }
}

/// Filters and split-horizon servers answer with addresses of their own, which are no vendor's.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast())
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
    }
}
