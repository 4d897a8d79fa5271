use std::sync::Arc;

use tokio::sync::watch::Receiver;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::findings::Watch;
use crate::findings::keeper::Keeper;
use crate::presence;
use crate::retention::{Housekeeper, Retention};

/// What a collector does by itself until it is told to stop.
#[derive(Debug)]
pub(super) struct Background([JoinHandle<()>; 4]);

impl Background {
    /// Until `stopped` is true or gone.
    pub(super) fn start(app: &App, retention: Retention, watch: Watch, stopped: &Receiver<bool>) -> Self {
        let store = || Arc::clone(&app.store);
        let housekeeper = Housekeeper {
            store: store(),
            retention,
            metrics: Arc::clone(&app.metrics),
        };
        let keeper = Keeper::new(store(), watch, app.alerts.clone(), Arc::clone(&app.metrics));
        Self([
            tokio::spawn(housekeeper.run(stopped.clone())),
            tokio::spawn(keeper.run(stopped.clone())),
            tokio::spawn(presence::live(store(), stopped.clone())),
            tokio::spawn(Arc::clone(&app.live).run(stopped.clone())),
        ])
    }

    /// Waits until all of it has stopped.
    pub(super) async fn ended(self) {
        for task in self.0 {
            // One that panicked has said so.
            let _ = task.await;
        }
    }
}
