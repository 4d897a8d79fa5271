//! Short programs with the agent off and on, in turn: how many a second.
//!
//! Compared as in [`super::ratio`].

use std::time::Instant;

use anyhow::Result;

use super::agent::Agent;
use super::load;
use super::place::Place;
use super::ratio::{noise, on_to_off};
use super::spread::Spread;
use super::table::{Goal, Table};

/// Programs that are executed each time.
pub(super) const EXECUTIONS: u32 = 5_000;

pub(super) fn measure(place: &Place, pairs: u32, table: &mut Table) -> Result<()> {
    // What the first few take is the disk's.
    load::executions(EXECUTIONS / 10)?;
    let (mut off, mut on) = (vec![a_second()?], Vec::new());
    for _ in 0..pairs {
        let agent = Agent::start(place)?;
        let before = agent.metrics()?.kernel("execs")?;
        on.push(a_second()?);
        agent.saw_executions(before, EXECUTIONS)?;
        agent.stop()?;
        off.push(a_second()?);
    }
    table.group("Short programs a second, agent off and on in turn");
    table.figure("off", Spread::of(off.iter().copied()), 0);
    table.figure("on", Spread::of(on.iter().copied()), 0);
    table.goal(
        "on to off",
        Spread::of(on_to_off(&on, &off)),
        3,
        Goal::AtLeast(0.97),
    );
    let noise = noise(&off);
    if !noise.is_empty() {
        table.figure("off to off: the noise", Spread::of(noise), 3);
    }
    Ok(())
}

fn a_second() -> Result<f64> {
    let start = Instant::now();
    load::executions(EXECUTIONS)?;
    Ok(f64::from(EXECUTIONS) / start.elapsed().as_secs_f64())
}
