//! Short programs with the agent off and on, in turn: how many a second, and for a second of processor time.
//!
//! Compared as in [`super::ratio`]. The kernel programs run in the context of who forks, executes and ends, so their time
//! is in that of the bench and of its children; the agent's own is added.

use std::time::Instant;

use anyhow::Result;

use super::agent::Agent;
use super::load;
use super::place::Place;
use super::process;
use super::ratio::{noise, on_to_off};
use super::spread::Spread;
use super::table::{Goal, Table};

/// Programs that are executed each time.
pub(super) const EXECUTIONS: u32 = 5_000;

/// The same of each time off or on.
#[derive(Default)]
struct Times {
    /// Programs a second.
    rates: Vec<f64>,
    /// Programs for a second of processor time.
    for_a_second: Vec<f64>,
}

pub(super) fn measure(place: &Place, pairs: u32, table: &mut Table) -> Result<()> {
    // What the first few take is the disk's.
    load::executions(EXECUTIONS / 10)?;
    let (mut off, mut on) = (Times::default(), Times::default());
    off.add(None)?;
    for _ in 0..pairs {
        let agent = Agent::start(place)?;
        let before = agent.metrics()?.kernel("execs")?;
        on.add(Some(&agent))?;
        agent.saw_executions(before, EXECUTIONS)?;
        agent.stop()?;
        off.add(None)?;
    }
    table.group("Short programs a second, agent off and on in turn");
    table.figure("off", Spread::of(off.rates.iter().copied()), 0);
    table.figure("on", Spread::of(on.rates.iter().copied()), 0);
    show(&on.rates, &off.rates, table);
    table.group("The same for a second of processor time (programs, bench, agent)");
    show(&on.for_a_second, &off.for_a_second, table);
    Ok(())
}

impl Times {
    fn add(&mut self, agent: Option<&Agent>) -> Result<()> {
        let processor = || {
            let agent = agent.map(Agent::cpu).transpose()?;
            anyhow::Ok(process::own_and_childrens()? + agent.map_or(0.0, |cpu| cpu.exact))
        };
        let (start, before) = (Instant::now(), processor()?);
        load::executions(EXECUTIONS)?;
        let executions = f64::from(EXECUTIONS);
        self.rates.push(executions / start.elapsed().as_secs_f64());
        self.for_a_second.push(executions / (processor()? - before));
        Ok(())
    }
}

fn show(on: &[f64], off: &[f64], table: &mut Table) {
    let ratios = Spread::of(on_to_off(on, off));
    table.goal("on to off", ratios, 3, Goal::AtLeast(0.97));
    let noise = noise(off);
    if !noise.is_empty() {
        table.figure("off to off: the noise", Spread::of(noise), 3);
    }
}
