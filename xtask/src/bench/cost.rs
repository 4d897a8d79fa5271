//! What 10,000 flows cost the agent: CPU time, memory, events and wake-ups.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::agent::{Agent, INTERVAL};
use super::interrupt;
use super::load;
use super::metrics::Metrics;
use super::place::Place;
use super::spread::Spread;
use super::table::{Goal, Table};

/// Between the last scrape and the first reading of the clock, so that the scrape is not in the figure.
const REST: Duration = Duration::from_secs(1);
/// How long events may wait for the agent.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Rounds {
    exact: Vec<f64>,
    ticks: Vec<f64>,
    events: Vec<f64>,
    wakeups: Vec<f64>,
    looked_up: Vec<f64>,
    lost: f64,
}

pub(super) fn measure(place: &Place, agent: &Agent, rounds: u32, table: &mut Table) -> Result<()> {
    load::warm_up(place)?;
    interrupt::sleep(INTERVAL + REST)?;
    let idle = at_rest(agent)?;
    let mut before = agent.metrics()?;
    let mut all = Rounds::default();
    for _ in 0..rounds {
        interrupt::sleep(REST)?;
        let start = agent.cpu()?;
        load::flows(place)?;
        // Until all has been reported.
        interrupt::sleep(INTERVAL + REST)?;
        let end = agent.cpu()?;
        let after = handled(agent, &before)?;
        all.exact.push(end.exact - start.exact);
        all.ticks.push(end.ticks - start.ticks);
        all.add(&before, &after)?;
        before = after;
    }
    let memory = agent.memory()?;
    all.show(idle, table);
    table.group("Agent's resident memory after it, MiB");
    let limit = Goal::Under(20.0);
    table.goal("resident (VmRSS)", mebibytes(memory.resident), 1, limit);
    table.goal(
        "at its most, start included (VmHWM)",
        mebibytes(memory.peak),
        1,
        limit,
    );
    table.figure("without pages of files (RssAnon)", mebibytes(memory.anonymous), 1);
    Ok(())
}

/// CPU time without any load, for as long as the clock runs after one.
fn at_rest(agent: &Agent) -> Result<f64> {
    let start = agent.cpu()?;
    interrupt::sleep(INTERVAL + REST)?;
    Ok(agent.cpu()?.exact - start.exact)
}

/// The counters, once the agent has read every event: both ends of each flow to the catalogue.
fn handled(agent: &Agent, before: &Metrics) -> Result<Metrics> {
    let end = Instant::now() + PATIENCE;
    loop {
        let after = agent.metrics()?;
        let matched = after.kernel("names_matched")? - before.kernel("names_matched")?;
        let (sent, read) = (after.kernel("events_sent")?, after.get(READ)?);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let complete = matched >= load::CATALOGUE as f64;
        if complete && read >= sent {
            return Ok(after);
        }
        ensure!(
            Instant::now() < end,
            "the agent matched {matched} of {} flows and read {read} of {sent} events",
            load::CATALOGUE
        );
        interrupt::sleep(REST)?;
    }
}

const READ: &str = "umbra_agent_ring_buffer_events_total";
const WAKEUPS: &str = "umbra_agent_ring_buffer_wakeups_total";

impl Rounds {
    fn add(&mut self, before: &Metrics, after: &Metrics) -> Result<()> {
        let kernel = |name| anyhow::Ok(after.kernel(name)? - before.kernel(name)?);
        self.events.push(after.get(READ)? - before.get(READ)?);
        self.wakeups.push(after.get(WAKEUPS)? - before.get(WAKEUPS)?);
        self.looked_up.push(kernel("names_looked_up")?);
        self.lost += kernel("events_dropped")? + kernel("flow_table_full")?;
        Ok(())
    }

    fn show(self, idle: f64, table: &mut Table) {
        table.group("Agent's CPU time for 10,000 flows, seconds");
        table.goal("scheduler's clock", Spread::of(self.exact), 4, Goal::Under(0.05));
        table.figure("user + system, in ticks of 10 ms", Spread::of(self.ticks), 2);
        table.figure("at rest for so long: part of it", idle, 4);
        table.group("For 10,000 flows, of which 500 go to catalogue names");
        table.figure("names looked up in the kernel", Spread::of(self.looked_up), 0);
        table.figure("events to the agent", Spread::of(self.events), 0);
        table.figure("wake-ups of the agent", Spread::of(self.wakeups), 0);
        table.figure("events or flows lost, in all rounds", self.lost, 0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}
