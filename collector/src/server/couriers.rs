//! The couriers of a collector: one for each route.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::StartError;
use crate::alerts::{Courier, Route, Target};
use crate::metrics::Metrics;
use crate::store::{By, Store, StoreError};

/// Who changes routes, in the audit log: nobody by name, as the configuration is a file.
const ACTOR: &str = "the collector's configuration";

/// Gets ready to send to every receiver: a file that cannot be read is found before anything starts.
pub(super) fn open(routes: &[Route]) -> Result<Vec<Arc<Target>>, StartError> {
    let targets = routes.iter().map(|route| {
        let target = Target::open(&route.receiver).map_err(|source| StartError::Route {
            route: route.name.clone(),
            source,
        })?;
        Ok(Arc::new(target))
    });
    targets.collect()
}

/// The targets by the names of their routes.
pub(super) fn by_name(routes: &[Route], targets: &[Arc<Target>]) -> BTreeMap<String, Arc<Target>> {
    let names = routes.iter().map(|route| route.name.clone());
    names.zip(targets.iter().cloned()).collect()
}

/// Has the store send along these routes from now on.
pub(super) async fn configure(store: &Store, routes: &[Route]) -> Result<(), StoreError> {
    let by = By {
        actor: ACTOR,
        time: Timestamp::now(),
    };
    store.adopt_alerts(by.time).await?;
    let count = store.configure_routes(routes, &by).await?;
    if count > 0 {
        tracing::info!(count, "alerts that receivers refused are offered again");
    }
    Ok(())
}

/// What every courier has.
pub(super) struct Post<'a> {
    pub(super) store: &'a Arc<Store>,
    pub(super) bell: Arc<Notify>,
    pub(super) metrics: &'a Arc<Metrics>,
    pub(super) page: &'a Url,
    pub(super) stop: &'a watch::Receiver<bool>,
}

impl Post<'_> {
    /// Starts the couriers.
    pub(super) fn start(&self, routes: Vec<Route>, targets: Vec<Arc<Target>>) -> Vec<JoinHandle<()>> {
        let holder = Uuid::new_v4();
        let couriers = routes.into_iter().zip(targets).map(|(route, target)| {
            let courier = Courier {
                store: Arc::clone(self.store),
                route: route.name,
                pace: route.pace,
                target,
                page: self.page.clone(),
                bell: Arc::clone(&self.bell),
                metrics: Arc::clone(self.metrics),
                holder,
                holds: AtomicBool::default(),
            };
            tokio::spawn(courier.run(self.stop.clone()))
        });
        couriers.collect()
    }
}
