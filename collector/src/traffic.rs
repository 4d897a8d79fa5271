//! The whole fleet's traffic for the overview: kept for a minute where it is a large fleet's, as it adds up days of hours.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::access::Scope;
use crate::store::{Store, StoreError, VendorTraffic};

/// Days that are shown.
pub(crate) const DAYS: u16 = 14;
/// So long what was added up is good.
const FRESH: Duration = Duration::from_mins(1);

/// What was added up last.
#[derive(Debug, Default)]
pub(crate) struct Traffic(Mutex<Option<(Instant, Arc<Vec<VendorTraffic>>)>>);

impl Traffic {
    /// What the fleet sent; of a minute ago at most, if it `may_be_kept`. It is added up by one at a time, for all who ask.
    pub(crate) async fn get(
        &self,
        store: &Store,
        may_be_kept: bool,
        now: Timestamp,
    ) -> Result<Arc<Vec<VendorTraffic>>, StoreError> {
        let mut last = self.0.lock().await;
        if let Some((made, traffic)) = &*last
            && may_be_kept
            && made.elapsed() < FRESH
        {
            return Ok(Arc::clone(traffic));
        }
        let traffic = Arc::new(store.traffic(&Scope::default(), DAYS, now).await?);
        *last = Some((Instant::now(), Arc::clone(&traffic)));
        Ok(traffic)
    }
}
