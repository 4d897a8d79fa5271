use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};

use crate::access::Scope;
use crate::access::password::Hasher;
use crate::alerts::Target;
use crate::ingest::{Limits, Queue};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::sums::Sums;
use crate::traffic::Traffic;
use crate::verifier::Verifier;

/// What every request may use.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) sums: Arc<Sums>,
    pub(crate) traffic: Arc<Traffic>,
    /// Whether the audit log is as it was written.
    pub(crate) verifier: Arc<Verifier>,
    /// What comes in, for those who watch.
    pub(crate) live: Arc<Live>,
    pub(crate) metrics: Arc<Metrics>,
    /// Wakes the couriers; `None` when no route is configured.
    pub(crate) alerts: Option<Arc<Notify>>,
    pub(crate) limits: Limits,
    /// How long a host must be silent before another start of it may report.
    pub(crate) takeover: Duration,
    /// After how long a silence an agent is missing.
    pub(crate) missing: Duration,
    /// So long collectors must have lived before a vendor's first use is a finding.
    pub(crate) learning: Duration,
    pub(crate) queue: Arc<Queue>,
    /// The page's address, for what it tells people to type.
    pub(crate) page: reqwest::Url,
    /// Whether people come by HTTPS.
    pub(crate) secure: bool,
    /// Whether a reverse proxy says who asks.
    pub(crate) forwarded: bool,
    /// Whether anybody may read the metrics.
    pub(crate) open_metrics: bool,
    pub(crate) hasher: Hasher,
    /// One plan of a policy at a time: each reads the whole inventory.
    pub(crate) planning: Arc<Semaphore>,
    /// Where routes go, by their names: to try them.
    pub(crate) targets: Arc<BTreeMap<String, Arc<Target>>>,
    /// Fingerprint of the agents' authority, which is in every enrolment token.
    pub(crate) authority: Arc<str>,
    /// Where agents of other hosts reach this collector, `https://umbra.example.com:8443`; `None`: nowhere.
    pub(crate) agents: Option<Arc<str>>,
    /// One such test at a time.
    pub(crate) testing: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        store: Arc<Store>,
        alerts: Option<Arc<Notify>>,
        limits: Limits,
        page: reqwest::Url,
    ) -> Self {
        Self {
            sums: Arc::new(Sums::new(Arc::clone(&store), crate::config::MISSING)),
            live: Arc::new(Live::new(Arc::clone(&store))),
            traffic: Arc::new(Traffic::new(Arc::clone(&store))),
            verifier: Arc::new(Verifier::new(Arc::clone(&store))),
            store,
            metrics: Arc::default(),
            alerts,
            limits,
            takeover: Duration::default(),
            missing: crate::config::MISSING,
            learning: crate::findings::Watch::default().learning,
            queue: Arc::new(Queue::new(limits)),
            secure: page.scheme() == "https",
            page,
            forwarded: false,
            open_metrics: false,
            hasher: Hasher::default(),
            planning: Arc::new(Semaphore::new(1)),
            targets: Arc::default(),
            authority: Arc::from(""),
            agents: None,
            testing: Arc::new(Semaphore::new(1)),
        }
    }

    /// Has what a large fleet sent added up, so that its first page does not meet nothing.
    pub(crate) async fn warm_up(self) {
        if self.sums.get().await.is_ok_and(|sum| sum.is_kept()) {
            let all = Scope::default();
            // What fails is tried again, and said, when a page asks.
            let _ = self.traffic.get(&all, true, Timestamp::now()).await;
        }
    }
}
