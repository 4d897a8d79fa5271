use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::ingest::Limits;
use crate::metrics::Metrics;
use crate::store::Store;

/// Reports that are unpacked and stored at the same time.
const TURNS: usize = 4;

/// KiB of reports' bodies that are in memory at the same time, as they travel: 256 MiB.
const ROOM: usize = 256 << 10;

/// What every request may use.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) metrics: Arc<Metrics>,
    /// Wakes the courier; `None` when no webhook is configured.
    pub(crate) alerts: Option<Arc<Notify>>,
    pub(crate) limits: Limits,
    /// How long a host must be silent before another start of it may report.
    pub(crate) takeover: Duration,
    pub(crate) turns: Arc<Semaphore>,
    /// Room for bodies, one permit a KiB.
    pub(crate) room: Arc<Semaphore>,
    /// The page's address, for what it tells people to type.
    pub(crate) page: reqwest::Url,
}

impl App {
    pub(crate) fn new(
        store: Arc<Store>,
        alerts: Option<Arc<Notify>>,
        limits: Limits,
        page: reqwest::Url,
    ) -> Self {
        let turns = Arc::new(Semaphore::new(TURNS));
        let room = Arc::new(Semaphore::new(ROOM));
        Self {
            store,
            metrics: Arc::default(),
            alerts,
            limits,
            takeover: Duration::default(),
            turns,
            room,
            page,
        }
    }
}
