use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::{Discovery, DiscoveryError, Found};
use crate::config::{self, CollectorUrl};

/// How long until a DNS that has no collector, or does not answer, is asked again.
const ASK_AGAIN: Duration = Duration::from_mins(5);
const RETRY: Duration = Duration::from_secs(30);

/// Whether there is somebody to keep observations for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// There is a collector, whether or not it can be reached now.
    Here,
    /// The DNS has not answered yet: there may be one.
    Unknown,
    /// None is configured, and the DNS says that there is none.
    Nobody,
}

/// Where reports go.
pub struct Destination {
    way: Way,
    presence: watch::Sender<Presence>,
}

enum Way {
    Given(CollectorUrl),
    Sought {
        discovery: Box<Discovery>,
        found: Option<Found>,
        at: usize,
        said: bool,
    },
    Nobody,
}

impl Destination {
    /// The configured collector, or whom the DNS will name; a DNS that cannot be asked is said and is no error.
    pub fn new(config: &config::Report) -> Self {
        if let Some(collector) = &config.collector {
            if collector.is_exposed() {
                warn!(
                    "reports cross the network in the clear to {collector}: give the collector an https:// address"
                );
            }
            return Self::with(Way::Given(collector.clone()), Presence::Here);
        }
        if !config.discovery {
            info!("no collector is configured and discovery is off: running without one");
            return Self::with(Way::Nobody, Presence::Nobody);
        }
        match Discovery::from_system() {
            Ok(discovery) => Self::discovered_by(discovery),
            Err(error) => {
                warn!("no collector is configured, and none can be found: {error}");
                Self::with(Way::Nobody, Presence::Nobody)
            }
        }
    }

    /// Whom `discovery` finds.
    pub fn discovered_by(discovery: Discovery) -> Self {
        Self::with(
            Way::Sought {
                discovery: discovery.into(),
                found: None,
                at: 0,
                said: false,
            },
            Presence::Unknown,
        )
    }

    fn with(way: Way, presence: Presence) -> Self {
        Self {
            way,
            presence: watch::Sender::new(presence),
        }
    }

    /// Whether there is somebody; changes when the DNS answers.
    pub fn presence(&self) -> watch::Receiver<Presence> {
        self.presence.subscribe()
    }

    /// Whom to try next without asking anybody.
    pub(crate) fn known(&self) -> Option<CollectorUrl> {
        match &self.way {
            Way::Given(collector) => Some(collector.clone()),
            Way::Sought {
                found: Some(found),
                at,
                ..
            } => found.collectors.get(*at).cloned(),
            Way::Sought { found: None, .. } | Way::Nobody => None,
        }
    }

    /// Whom to try next; waits until there is somebody.
    pub(crate) async fn find(&mut self) -> CollectorUrl {
        loop {
            let pause = self.refresh().await;
            if let Some(collector) = self.known() {
                return collector;
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
        }
    }

    /// The one of [`Destination::find`] could not be reached: another one is next, or the DNS is asked again.
    pub(crate) fn failed(&mut self) {
        if let Way::Sought {
            found: Some(found),
            at,
            ..
        } = &mut self.way
        {
            *at += 1;
            if *at >= found.collectors.len() {
                *at = 0;
                found.expires = Instant::now();
            }
        }
    }

    /// Asks the DNS if it is time; gives how long to wait if it names nobody.
    async fn refresh(&mut self) -> Duration {
        let Way::Sought {
            discovery,
            found,
            at,
            said,
        } = &mut self.way
        else {
            return ASK_AGAIN;
        };
        if found.as_ref().is_some_and(|found| Instant::now() < found.expires) {
            return Duration::ZERO;
        }
        let answer = discovery.find().await;
        let pause = if answer.is_ok() { ASK_AGAIN } else { RETRY };
        match answer {
            Ok(Some(new)) => {
                if found
                    .as_ref()
                    .is_none_or(|old| old.collectors[0] != new.collectors[0])
                {
                    info!("the DNS names the collector {}", new.collectors[0]);
                }
                (*found, *at, *said) = (Some(new), 0, false);
                self.presence.send_replace(Presence::Here);
            }
            // A collector that was named once is believed in until another one is named.
            unanswered => {
                if !std::mem::replace(said, true) {
                    say_nobody(discovery, &unanswered);
                }
                match found {
                    Some(found) => found.expires = Instant::now() + pause,
                    None if unanswered.is_ok() => {
                        self.presence.send_replace(Presence::Nobody);
                    }
                    None => {}
                }
            }
        }
        pause
    }
}

fn say_nobody(discovery: &Discovery, answer: &Result<Option<Found>, DiscoveryError>) {
    let names: Vec<_> = discovery.services().iter().map(ToString::to_string).collect();
    match answer {
        Err(error) => warn!("{error}"),
        Ok(_) if names.is_empty() => {
            info!(
                "no collector is configured, and /etc/resolv.conf has no search domain to look for one: running without"
            );
        }
        Ok(_) => {
            info!(
                "no collector is configured, and the DNS has no SRV record {}: running without",
                names.join(" or ")
            );
        }
    }
}
