//! Reports that come in while questions are asked: of agents that the store does not know yet, over loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use jiff::Timestamp;
use reqwest::Client;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use umbra_catalog::Catalogue;
use umbra_report::{
    Acknowledgement, Agent, Caller, Condition, Evidence, Observation, Program, Protocol, Record, RecordBody,
    Report, Route, Status, User, VERSION,
};
use uuid::Uuid;

/// Agents that report by turns.
const AGENTS: usize = 1000;
/// Connections that carry the reports.
const CONNECTIONS: usize = 8;
/// Observations of a report.
const OBSERVATIONS: usize = 5;

/// Sends until it is stopped.
#[derive(Debug)]
pub(super) struct Sender {
    stop: Arc<AtomicBool>,
    sending: Vec<JoinHandle<Result<u64>>>,
}

/// Begins to send so many reports a second.
pub(super) fn send(url: &str, per_second: u32) -> Sender {
    let stop = Arc::new(AtomicBool::new(false));
    let pause = Duration::from_secs(1) * u32::try_from(CONNECTIONS).unwrap_or(1) / per_second;
    let sending = (0..CONNECTIONS)
        .map(|number| tokio::spawn(one(url.to_owned(), number as u64, pause, Arc::clone(&stop))))
        .collect();
    Sender { stop, sending }
}

impl Sender {
    /// Waits for the last answers; gives how many reports are in the store.
    pub(super) async fn stop(self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent = 0;
        for sending in self.sending {
            sent += sending.await??;
        }
        Ok(sent)
    }
}

async fn one(url: String, seed: u64, pause: Duration, stop: Arc<AtomicBool>) -> Result<u64> {
    let rng = &mut Rng::with_seed(seed);
    let catalogue = Catalogue::builtin();
    let client = Client::builder().timeout(Duration::from_mins(1)).build()?;
    let mut spools: Vec<Spool> = (0..AGENTS / CONNECTIONS).map(|_| Spool::new(rng)).collect();
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let turn = usize::try_from(sent)? % spools.len();
        let report = spools[turn].report(&catalogue, rng);
        let answer = client
            .post(format!("{url}/v1/reports"))
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&report)?)
            .send()
            .await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        ensure!(
            status.is_success(),
            "a report gives {status}: {}",
            String::from_utf8_lossy(&body)
        );
        let acknowledged: Acknowledgement = serde_json::from_slice(&body).context("no acknowledgement")?;
        ensure!(
            acknowledged.sequence == spools[turn].sequence,
            "another report was acknowledged"
        );
        sent += 1;
    }
    Ok(sent)
}

struct Spool {
    agent: Agent,
    epoch: Uuid,
    started: Timestamp,
    sequence: u64,
}

impl Spool {
    fn new(rng: &mut Rng) -> Self {
        let agent = Agent {
            id: Uuid::new_v4(),
            host: format!("new-{:05}.fra.corp.example", rng.u32(0..100_000)),
            machine_id: None,
            boot_id: None,
            version: "0.1.0".to_owned(),
            kernel: "6.12.9".to_owned(),
        };
        Self {
            agent,
            epoch: Uuid::new_v4(),
            started: Timestamp::now(),
            sequence: 0,
        }
    }

    fn report(&mut self, catalogue: &Catalogue, rng: &mut Rng) -> Report {
        let records = (0..OBSERVATIONS)
            .filter_map(|place| {
                let body = observation(catalogue, place, rng)?;
                self.sequence += 1;
                Some(Record {
                    sequence: self.sequence,
                    body: RecordBody::Observation(Box::new(body)),
                })
            })
            .collect();
        Report {
            version: VERSION,
            agent: self.agent.clone(),
            status: Status {
                started: self.started,
                configuration: None,
                condition: Some(Condition {
                    heartbeat_seconds: 60,
                    spool: None,
                    catalogue: None,
                    programs: 14,
                    last_error: None,
                }),
                losses: [("ring_buffer_full".to_owned(), u64::from(rng.u8(..)))].into(),
            },
            epoch: self.epoch,
            records,
        }
    }
}

/// Mostly what the same host did the last time, too.
fn observation(catalogue: &Catalogue, place: usize, rng: &mut Rng) -> Option<Observation> {
    let program = [
        "/usr/bin/curl",
        "claude",
        "cursor",
        "/usr/bin/python3.12",
        "codex",
    ][place % 5];
    let pattern = catalogue.pattern(u32::try_from(place * 7 + usize::from(rng.u8(0..20) == 0)).ok()? + 1)?;
    let now = Timestamp::now();
    Some(Observation {
        minute: now,
        first_seen: now,
        last_seen: now,
        caller: Caller {
            user: User {
                uid: 1001,
                name: Some("ada.abel0".to_owned()),
                ..User::default()
            },
            program: Program {
                name: program.to_owned(),
                ..Program::default()
            },
            container: None,
            unit: None,
        },
        origin: None,
        vendor: pattern.vendor_name().to_owned(),
        service: pattern.service_name().to_owned(),
        kind: pattern.kind(),
        name: pattern.host().replace('*', "eu"),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: Some(Route::Direct),
        flows: 1,
        bytes_out: 100,
        bytes_in: 2000,
    })
}
