//! Sends a fleet's reports as fast as they are taken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::agents::Agent;
use crate::bodies::{Body, Sums};

/// What was sent and acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// From the first report on its way to the last one's answer, in seconds.
    pub(crate) seconds: f64,
    /// Reports of each host: the first so many of its own.
    pub(crate) of_hosts: Vec<usize>,
    pub(crate) reports: u64,
    pub(crate) sums: Sums,
    /// Bytes of all bodies as they travelled.
    pub(crate) packed: u64,
    /// How long each report waited for its answer, in seconds, sorted.
    pub(crate) waits: Vec<f64>,
}

/// Sends for `duration`, or until there is no more to send, `at_once` reports at a time: one of an agent, whose
/// connections stay open unless each report shall have one of its own. Minute by minute, so that all hosts come through.
pub(crate) async fn send(
    agents: Vec<Agent>,
    bodies: &Arc<Vec<Vec<Body>>>,
    at_once: usize,
    reconnect: bool,
    duration: Duration,
) -> Result<Sent> {
    let mut workers: Vec<Vec<Agent>> = (0..at_once).map(|_| Vec::new()).collect();
    let mut of_hosts = vec![0; bodies.len()];
    for agent in agents {
        let worker = agent.number % at_once;
        workers[worker].push(agent);
    }
    let start = Instant::now();
    let mut running = JoinSet::new();
    for agents in workers {
        running.spawn(work(agents, Arc::clone(bodies), reconnect, start + duration));
    }
    let mut sent = Sent::default();
    while let Some(done) = running.join_next().await {
        for (number, wait) in done?? {
            let minute: &mut usize = &mut of_hosts[number];
            let body = &bodies[number][*minute];
            *minute += 1;
            sent.reports += 1;
            sent.sums = sent.sums + body.sums;
            sent.packed += body.packed.len() as u64;
            sent.waits.push(wait.as_secs_f64());
        }
        sent.seconds = start.elapsed().as_secs_f64();
    }
    sent.of_hosts = of_hosts;
    sent.waits.sort_by(f64::total_cmp);
    Ok(sent)
}

/// One report at a time; gives whose each was and how long it took.
async fn work(
    mut agents: Vec<Agent>,
    bodies: Arc<Vec<Vec<Body>>>,
    reconnect: bool,
    end: Instant,
) -> Result<Vec<(usize, Duration)>> {
    let minutes = bodies.first().map_or(0, Vec::len);
    let mut done = Vec::new();
    'sending: for minute in 0..minutes {
        for agent in &mut agents {
            let before = Instant::now();
            if before >= end {
                break 'sending;
            }
            if reconnect {
                agent.reconnect().await?;
            }
            agent.report(&bodies[agent.number][minute]).await?;
            done.push((agent.number, before.elapsed()));
        }
    }
    Ok(done)
}
