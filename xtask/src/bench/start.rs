//! Time from start to attached.

use anyhow::Result;

use super::agent::Agent;
use super::place::Place;
use super::spread::Spread;
use super::table::{Goal, Table};

const LIMIT: Goal = Goal::Under(300.0);

pub(super) fn measure(place: &Place, starts: u32, table: &mut Table) -> Result<()> {
    // The first start makes the spool and reads the program from the disk.
    Agent::start(place)?.stop()?;
    let (mut own, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        let agent = Agent::start(place)?;
        own.push(agent.attached_own);
        seen.push(agent.attached_seen);
        agent.stop()?;
    }
    table.group("Start to attached, milliseconds");
    table.goal("as the agent says", Spread::of(own), 0, LIMIT);
    table.goal("from the start of the process", Spread::of(seen), 0, LIMIT);
    Ok(())
}
