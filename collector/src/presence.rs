//! Whether agents are heard, and the collector's own sign of life.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::store::Store;

/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(5);

/// Whether an agent is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In time.
    Online,
    /// Not for five of its pauses.
    Late,
    /// Not for so long that it is taken for gone.
    Missing,
    /// Said to be gone, or shut out: nobody misses it.
    Retired,
}

impl State {
    /// As queries give it: 0 to 3 in this order.
    pub(crate) fn of_number(number: i64) -> Self {
        match number {
            0 => Self::Online,
            1 => Self::Late,
            2 => Self::Missing,
            _ => Self::Retired,
        }
    }

    /// The state in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Late => "late",
            Self::Missing => "missing",
            Self::Retired => "retired",
        }
    }
}

/// Writes down that this collector lives, until `stop` is true or gone.
pub(crate) async fn live(store: Arc<Store>, mut stop: watch::Receiver<bool>) {
    let beat = async {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beats.tick().await;
            if let Err(error) = store.live(Timestamp::now()).await {
                // Reports are refused then, too, so the clock must not run.
                tracing::debug!("no sign of life can be written: {error}");
            }
        }
    };
    tokio::select! {
        () = beat => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
}
