//! Sends what is in the spool to the collector, and how the agent is.
//!
//! A batch stays in the spool until the collector has acknowledged it after its own commit, so a lost answer only
//! means that the same numbers go out again. Refused batches (4xx other than 408, 413 and 429) go to the dead
//! letters; everything else is tried again for ever.

mod backoff;
mod cause;
mod client;
mod condition;
pub(crate) mod retry_after;
mod stats;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};
use umbra_fail_point::fail_point;
use umbra_report::{Agent, Report, Status};
use uuid::Uuid;

use crate::config::{self, CollectorUrl};
use crate::discovery::Destination;
use crate::enrolment::{self, Changed, Enrolment};
use crate::losses::Losses;
use crate::managed::Managed;
use crate::spool::{Batch, SpoolHandle};
use backoff::Backoff;
use client::Answer;

pub(crate) use cause::cause;
pub use client::ClientError;
pub(crate) use client::{Client, LONGEST_ANSWER};
pub use stats::Stats;

/// At most between two attempts while the spool cannot be read or written.
const SPOOL_PAUSE: Duration = Duration::from_mins(1);

/// A collector that stays away is complained of once in so long.
const COMPLAIN_AGAIN: Duration = Duration::from_mins(5);

/// How long the last attempt may take when the agent stops; what it does not deliver stays in the spool.
const FAREWELL: Duration = Duration::from_secs(3);

/// The stage that talks to the collector.
pub struct Reporter {
    client: Client,
    config: config::Report,
    enrolment: Enrolment,
    managed: Managed,
    destination: Destination,
    spool: SpoolHandle,
    agent: Agent,
    started: Timestamp,
    losses: Arc<Losses>,
    stats: Arc<Stats>,
    most_records: usize,
    most_bytes: usize,
    backoff: Backoff,
    /// Fewer than `most_records` after a batch was too large for the collector.
    records: usize,
    complained: Option<Instant>,
    /// For what else is asked of the collector.
    link: watch::Sender<Option<Link>>,
    /// Stands in for the spool's epoch while the spool cannot be read, so that the status gets through.
    no_epoch: Uuid,
}

/// A collector that has acknowledged a report, and how it is spoken with.
#[derive(Clone, Debug)]
pub struct Link {
    pub(crate) client: Client,
    pub(crate) collector: CollectorUrl,
    /// Whom it knows this agent as.
    pub(crate) agent: Uuid,
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the collector at {}", self.collector)
    }
}

/// What is told of the agent itself, and what is counted for its metrics.
pub(crate) struct Account {
    pub(crate) agent: Agent,
    pub(crate) losses: Arc<Losses>,
    pub(crate) stats: Arc<Stats>,
}

/// How an attempt went.
enum Outcome {
    /// The collector took something, and there may be more.
    Delivered,
    /// There was nothing but the status.
    Idle,
    /// Not now.
    Wait(Duration),
    /// Not now, unless the spool is written meanwhile.
    WaitForSpool(Duration),
}

impl Reporter {
    /// Prepares to report as `agent`; fails when the certificates cannot be used.
    pub(crate) fn new(
        config: &config::Report,
        enrolment: Enrolment,
        managed: Managed,
        destination: Destination,
        spool: SpoolHandle,
        account: Account,
    ) -> Result<Self, ClientError> {
        let Account { agent, losses, stats } = account;
        Ok(Self {
            client: enrolment::client(config, &enrolment)?,
            config: config.clone(),
            enrolment,
            managed,
            destination,
            spool,
            agent,
            started: Timestamp::now(),
            losses,
            stats,
            most_records: config.batch_records.as_usize(),
            most_bytes: config.batch_bytes.as_usize(),
            backoff: Backoff::default(),
            records: config.batch_records.as_usize(),
            complained: None,
            link: watch::Sender::new(None),
            no_epoch: Uuid::new_v4(),
        })
    }

    /// The way to the collector, once it has acknowledged a report.
    pub(crate) fn link(&self) -> watch::Receiver<Option<Link>> {
        self.link.subscribe()
    }

    /// Reports until `stop` is true or its sender is gone, and then for a moment what is still there.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.report_for_ever() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // An attempt may have been cut off: its records are still in the spool, and their repeat does no harm.
        let farewell = async {
            if let Some(collector) = self.destination.known() {
                while let Outcome::Delivered = self.attempt(&collector).await {}
            }
        };
        let _ = timeout(FAREWELL, farewell).await;
    }

    async fn report_for_ever(&mut self) {
        let mut level = self.spool.level();
        loop {
            let collector = self.destination.find().await;
            let before = level.borrow_and_update().last_assigned;
            match self.attempt(&collector).await {
                Outcome::Delivered => {}
                Outcome::Wait(pause) => sleep(pause).await,
                Outcome::WaitForSpool(pause) => {
                    let written = level.wait_for(|level| level.last_assigned != before);
                    // Timed out or not, it is time.
                    let _ = timeout(pause, written).await;
                }
                Outcome::Idle => {
                    let filled = level.wait_for(|level| level.records > 0);
                    let due = self.enrolment.due().into_iter().chain(self.managed.due()).min();
                    let until_due = due.map(|due| {
                        due.saturating_duration_since(std::time::Instant::now())
                            .max(Duration::from_secs(1))
                    });
                    let heartbeat = self.heartbeat();
                    let pause = until_due.map_or(heartbeat, |due| due.min(heartbeat));
                    // Timed out or not, it is time.
                    let _ = timeout(pause, filled).await;
                }
            }
        }
    }

    /// Sends one batch, or the status alone.
    async fn attempt(&mut self, collector: &CollectorUrl) -> Outcome {
        match self.enrolment.refresh(collector, &mut self.agent).await {
            Ok(Changed::Nothing) => {}
            Ok(changed) => match self.take_certificate(changed).await {
                Ok(()) => {}
                Err(error) => return self.fail(collector, &error.to_string(), None),
            },
            Err(trouble) => return self.fail(collector, &trouble.reason, trouble.retry_after),
        }
        let batch = self.spool.batch(self.records, self.most_bytes).await;
        let readable = batch.is_some();
        let nothing = || Batch {
            epoch: self.no_epoch,
            records: Vec::new(),
            last_assigned: 0,
        };
        let batch = batch.unwrap_or_else(nothing);
        let report = Report {
            version: umbra_report::VERSION,
            agent: self.agent.clone(),
            status: Status {
                started: self.started,
                losses: self.losses.for_report(),
                configuration: self.managed.running(),
                condition: Some(self.condition(readable.then_some(&batch.records))),
            },
            epoch: batch.epoch,
            records: batch.records,
        };
        // A status alone has nothing that could be lost.
        if !report.records.is_empty() {
            fail_point("batch_read");
        }
        let answer = self.client.send(collector, &report).await;
        if !report.records.is_empty() {
            fail_point("report_answered");
        }
        let batch = Batch {
            records: report.records,
            ..batch
        };
        match answer {
            Answer::Acknowledged(_) if !readable => Outcome::WaitForSpool(SPOOL_PAUSE),
            Answer::Acknowledged(sequence) => {
                let outcome = self.settle(collector, &batch, sequence).await;
                self.ask_what_to_run(collector).await;
                outcome
            }
            Answer::TooLarge if batch.records.len() > 1 => {
                self.records = batch.records.len() / 2;
                Outcome::Delivered
            }
            Answer::TooLarge => self.refuse(batch, 413, String::new()).await,
            Answer::Denied { code, text } => {
                self.enrolment.denied(code);
                self.fail(collector, &text, None)
            }
            Answer::Refused { status, text } => self.refuse(batch, status, text).await,
            Answer::Failed { reason, retry_after } => self.fail(collector, &reason, retry_after),
        }
    }

    async fn ask_what_to_run(&mut self, collector: &CollectorUrl) {
        let key = self
            .enrolment
            .certificate()
            .and_then(|(_, own)| own.configuration_key.as_deref());
        self.managed.ask(&self.client, collector, key).await;
    }

    /// Goes on with a new certificate; as another agent, with numbers of its own.
    async fn take_certificate(&mut self, changed: Changed) -> Result<(), ClientError> {
        self.client = enrolment::client(&self.config, &self.enrolment)?;
        // The next report that is acknowledged says that the new certificate is good.
        self.link.send_replace(None);
        if changed == Changed::Identity {
            self.no_epoch = Uuid::new_v4();
            if let Some(batch) = self.spool.batch(1, 1).await {
                self.spool.renumber(batch.epoch).await;
            }
        }
        Ok(())
    }

    async fn settle(&mut self, collector: &CollectorUrl, batch: &Batch, sequence: u64) -> Outcome {
        if sequence > batch.last_assigned {
            self.spool.renumber(batch.epoch).await;
            return self.fail(
                collector,
                "it acknowledges records that this agent never made",
                None,
            );
        }
        if let (Some(first), Some(last)) = (batch.records.first(), batch.records.last()) {
            if sequence < first.sequence {
                return self.fail(collector, "it acknowledges nothing of what it was sent", None);
            }
            // Whatever else it says: only what was sent may go.
            if !self
                .spool
                .acknowledge(batch.epoch, sequence.min(last.sequence))
                .await
            {
                let reason = "the spool cannot be written, so the same records would go again";
                return match self.fail(collector, reason, None) {
                    Outcome::Wait(pause) => Outcome::WaitForSpool(pause.min(SPOOL_PAUSE)),
                    other => other,
                };
            }
        }
        self.stats.acknowledged(Timestamp::now());
        self.link.send_if_modified(|link| {
            let is_new = link.as_ref().is_none_or(|link| link.collector != *collector);
            if is_new {
                *link = Some(Link {
                    client: self.client.clone(),
                    collector: collector.clone(),
                    agent: self.agent.id,
                });
            }
            is_new
        });
        self.backoff.reset();
        self.records = (self.records * 2).min(self.most_records);
        if self.complained.take().is_some() {
            info!(
                "the collector at {collector} is back; {} records wait for it",
                self.spool.level().borrow().records
            );
        }
        if batch.records.is_empty() {
            Outcome::Idle
        } else {
            Outcome::Delivered
        }
    }

    /// Backs off as after a failure: a collector that refuses everything must not empty the spool at once.
    async fn refuse(&mut self, batch: Batch, status: u16, text: String) -> Outcome {
        self.stats.refused();
        self.stats
            .trouble(Timestamp::now(), &format!("status {status}: {text}"));
        self.destination.failed();
        let count = batch.records.len();
        if self.complain_again() {
            let begin: String = text.chars().take(200).collect();
            warn!(
                "the collector refuses reports with status {status} ({}): {count} records go to the dead letters, \
                 and so does what follows; check that agent and collector are of one version",
                begin.trim()
            );
        }
        if count > 0 {
            self.spool.refuse(batch, status, text).await;
        }
        Outcome::Wait(self.backoff.next())
    }

    fn fail(&mut self, collector: &CollectorUrl, reason: &str, retry_after: Option<Duration>) -> Outcome {
        self.stats.failed();
        self.stats.trouble(Timestamp::now(), reason);
        self.destination.failed();
        if self.complain_again() {
            let waiting = self.spool.level().borrow().records;
            warn!(
                "cannot report to the collector at {collector}: {reason}; {waiting} records wait in the spool, nothing \
                 is lost, and it is tried again for ever"
            );
        }
        let pause = self.backoff.next();
        Outcome::Wait(retry_after.map_or(pause, |asked| asked + pause.min(Duration::from_secs(1))))
    }

    fn complain_again(&mut self) -> bool {
        let now = Instant::now();
        let due = self
            .complained
            .is_none_or(|last| now.duration_since(last) >= COMPLAIN_AGAIN);
        if due {
            self.complained = Some(now);
        }
        due
    }
}
