//! The store: SQLite in the data directory, or PostgreSQL, which any number of collectors share. All SQL of the
//! collector is in this module's files and in `migrations/`; [`both`] says how one text serves both databases.

mod accounts;
mod activities;
mod admission;
mod agents;
mod alert;
mod api_tokens;
mod apply;
mod audit;
mod authority;
mod backup;
mod batch;
mod both;
mod callers;
mod configurations;
mod database;
mod directory;
mod duties;
mod enrolments;
mod erase;
mod error;
mod evidence;
mod expiring;
mod exports;
mod findings;
mod group;
mod health;
mod host;
mod log_ins;
mod lossy;
mod migrations;
mod months;
mod numbers;
mod order;
mod outbox;
mod people;
mod policies;
mod postgres;
mod presence;
mod questions;
mod raise;
mod requests;
mod retention;
mod route_tests;
mod routes;
mod search;
mod seen;
mod sending;
mod sessions;
mod settle;
mod setups;
mod silent;
mod sorted;
mod spikes;
mod sqlite;
mod tokens;
mod traffic;
mod uses;
mod views;
mod volumes;
mod watched;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

pub use accounts::{Account, AccountChange, NewAccount, NoAccount};
pub(crate) use activities::Activity;
pub use admission::Shown;
pub use alert::{Alert, Event};
pub use api_tokens::{ApiToken, NewApiToken};
pub use apply::Applied;
pub use audit::{AuditHead, By, Entry, Tampered};
pub(crate) use authority::Pair;
pub use backup::{back_up, restore};
use both::{Both, Pool, Transaction, on};
pub use configurations::{Assigned, Assignment, Revision, Rollout};
pub use database::{Database, DatabaseError};
pub use duties::Duty;
pub use enrolments::{Decision, Enrolment};
pub use erase::Erased;
pub use error::StoreError;
pub(crate) use evidence::rank as evidence_rank;
pub use exports::Export;
pub use findings::{Finding, FindingDecided, FindingDecision, FindingsAsked};
use group::Groups;
pub use group::{Arrival, Rejected};
pub use health::{Health, Loss, Outbox};
pub(crate) use host::Host;
pub use lossy::Losing;
pub use months::Month;
pub use order::{NoPosition, Position, Sort};
pub use policies::{Decided, NewPolicy, PolicyVersion};
pub use presence::{Presence, Roll};
pub use questions::After;
pub(crate) use questions::{Part, Sender};
use raise::Vendors;
pub use requests::{Request, RequestError, RequestSettled, Requests};
pub use retention::{Bounds, Removed};
pub use routes::{MOST_WAITING, RouteState};
pub(crate) use seen::Share;
pub use sending::{Claim, Outcome, Outgoing, Pauses};
pub use settle::Unsettled;
pub use silent::{Heard, Silent};
pub use spikes::PastSpike;
pub(crate) use tokens::{LABEL as TOKEN_LABEL, USES as TOKEN_USES};
pub use tokens::{NewToken, Token};
pub(crate) use traffic::VendorTraffic;
pub use uses::{Along, Page, Selection, Term, Use};
pub use views::{NoView, View};
pub(crate) use volumes::DAY;
pub use volumes::Volume;
pub use watched::Watched;

use crate::names::People;
use crate::policy::InForce;

/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the inventory is kept.
#[derive(Clone, Debug)]
pub enum Location {
    /// SQLite in this data directory, which one collector holds.
    Directory(PathBuf),
    /// PostgreSQL.
    Postgres(Database),
}

/// The fleet's inventory.
#[derive(Clone, Debug)]
pub struct Store {
    database: Arc<Both<sqlite::Pools, postgres::Postgres>>,
    groups: Arc<Groups>,
    /// The last version of the policy that was read.
    in_force: Arc<Mutex<Arc<InForce>>>,
    vendors: Arc<Vendors>,
    people: People,
}

impl Store {
    /// Opens the store, making what is missing.
    pub async fn open(location: &Location) -> Result<Self, StoreError> {
        Self::connect(location, false).await
    }

    /// Opens the store for a command: also beside a collector that runs, whose tables are then of its form.
    pub async fn open_beside(location: &Location) -> Result<Self, StoreError> {
        Self::connect(location, true).await
    }

    async fn connect(location: &Location, beside: bool) -> Result<Self, StoreError> {
        let database = match location {
            Location::Directory(dir) => Both::Sqlite(sqlite::Pools::open(dir, beside).await?),
            Location::Postgres(database) => Both::Postgres(postgres::Postgres::open(database).await?),
        };
        let writers = match &database {
            Both::Sqlite(_) => 1,
            Both::Postgres(_) => postgres::WRITERS,
        };
        let store = Self {
            database: Arc::new(database),
            groups: Arc::new(Groups::new(writers)),
            in_force: Arc::default(),
            vendors: Arc::default(),
            people: People::default(),
        };
        store.check_form().await?;
        if matches!(&*store.database, Both::Sqlite(pools) if pools.are_alone()) {
            // Whoever was sending an alert is gone.
            store.release_routes().await?;
        }
        Ok(store)
    }

    /// Waits for what runs, then closes.
    pub async fn close(&self) {
        self.groups.end().await;
        match &*self.database {
            Both::Sqlite(pools) => pools.close().await,
            Both::Postgres(postgres) => postgres.sessions.pool.close().await,
        }
    }

    fn readers(&self) -> Pool<'_> {
        match &*self.database {
            Both::Sqlite(pools) => Both::Sqlite(&pools.readers),
            Both::Postgres(postgres) => Both::Postgres(&postgres.sessions),
        }
    }

    fn writer(&self) -> Pool<'_> {
        match &*self.database {
            Both::Sqlite(pools) => Both::Sqlite(&pools.writer),
            Both::Postgres(postgres) => Both::Postgres(&postgres.sessions),
        }
    }

    /// A transaction that writes: SQLite's from its first statement on, so that it never fails half-way for want of
    /// the lock; PostgreSQL's sees what others committed before each statement (READ COMMITTED) and must lock the rows
    /// that it decides by.
    async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self.writer() {
            Both::Sqlite(pool) => Both::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Both::Postgres(sessions) => Both::Postgres(sessions.begin().await?),
        })
    }
}

/// Milliseconds since 1970-01-01 UTC, as the store keeps times.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time of the store. What lies outside the calendar is not something this store wrote; it reads as 1970.
fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// A length of time in the store's milliseconds.
fn length(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A count of the store.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A count for the store; what does not fit stays at its greatest number.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
