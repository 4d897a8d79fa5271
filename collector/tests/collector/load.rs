//! Agents that report without a pause, each at whichever collector a load balancer would choose, until they are told to
//! stop; and whether all that they were told is stored is there, once.

#![allow(dead_code, reason = "each test program uses its part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::made_up::{Spool, call};
use crate::running::{Collector, post};

const AGENTS: usize = 4;
/// Observations of a report, each of another program.
const CALLS: u64 = 20;

pub(crate) struct Load {
    collectors: Vec<Arc<Collector>>,
    stop: Arc<AtomicBool>,
    put_off: Arc<AtomicU64>,
    stored: Arc<AtomicU64>,
    agents: JoinSet<u64>,
}

impl Load {
    pub(crate) fn on(collectors: &[Arc<Collector>]) -> Self {
        let mut load = Self {
            collectors: collectors.to_vec(),
            stop: Arc::default(),
            put_off: Arc::default(),
            stored: Arc::default(),
            agents: JoinSet::new(),
        };
        for agent in 0..AGENTS {
            let (stop, put_off) = (Arc::clone(&load.stop), Arc::clone(&load.put_off));
            let stored = Arc::clone(&load.stored);
            let collectors = load.collectors.clone();
            load.agents.spawn(async move {
                let mut spool = Spool::of(&format!("web-{agent}"));
                let mut sent = 0;
                while !stop.load(Ordering::Relaxed) {
                    let calls = (0..CALLS).map(|number| call("alice", &format!("p{number}")));
                    let report = spool.report(calls.collect());
                    loop {
                        let collector = &collectors[fastrand::usize(..collectors.len())];
                        let answer = post(&collector.http, &collector.url, &report).await;
                        let answer = answer.expect("an answer");
                        match answer.status() {
                            StatusCode::OK => break,
                            StatusCode::SERVICE_UNAVAILABLE => {
                                assert!(answer.headers().contains_key("retry-after"));
                                put_off.fetch_add(1, Ordering::Relaxed);
                                tokio::time::sleep(Duration::from_millis(200)).await;
                            }
                            status => panic!("{status}: {:?}", answer.text().await),
                        }
                    }
                    sent += CALLS;
                    stored.fetch_add(1, Ordering::Relaxed);
                }
                sent
            });
        }
        load
    }

    /// Waits until some more reports are stored, of each agent a few: of time, a busy machine may need much for that.
    pub(crate) async fn goes_on(&self) {
        self.count(&self.stored, 6 * AGENTS as u64, "reports are not stored")
            .await;
    }

    /// Waits until one more report is put off. A connection that breaks says so at once; for a new one the collector
    /// waits 10 s.
    pub(crate) async fn puts_off(&self) {
        self.count(&self.put_off, 1, "no report is put off").await;
    }

    async fn count(&self, what: &AtomicU64, more: u64, otherwise: &str) {
        let enough = what.load(Ordering::Relaxed) + more;
        let end = Instant::now() + Duration::from_mins(1);
        while what.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < end, "{otherwise}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Ends it, and sees that each collector tells of all that was sent, and of nothing twice.
    pub(crate) async fn all_is_there(self) {
        self.stop.store(true, Ordering::Relaxed);
        let sent: u64 = self.agents.join_all().await.iter().sum();
        for collector in &self.collectors {
            let rows = collector.rows().await;
            assert_eq!(rows.len() as u64, AGENTS as u64 * CALLS);
            let sum = |of: &str| -> u64 {
                let number = |row: &Value| row[of].as_u64().expect("a number");
                rows.iter().map(number).sum()
            };
            assert_eq!((sum("flows"), sum("bytes_in")), (sent, sent * 2000));
            assert_eq!(collector.metric("umbra_collector_records_missing").await, Some(0));
        }
    }
}
