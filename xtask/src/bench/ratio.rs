//! Connections a second with the agent on and off, in turn.
//!
//! Each time on is compared with the mean of the times off just before and after it, which takes out what drifts on a
//! machine that others use too. The same is done for the times off among themselves: that is the noise, and a figure
//! for the agent that lies inside it says no more.

use anyhow::Result;

use super::agent::Agent;
use super::load;
use super::place::Place;
use super::spread::Spread;
use super::table::{Goal, Table};

pub(super) fn measure(place: &Place, pairs: u32, seconds: u64, table: &mut Table) -> Result<()> {
    load::warm_up(place)?;
    let (mut off, mut on) = (vec![load::rate(place, seconds)?], Vec::new());
    for _ in 0..pairs {
        let agent = Agent::start(place)?;
        on.push(load::rate(place, seconds)?);
        agent.stop()?;
        off.push(load::rate(place, seconds)?);
    }
    table.group("TLS connections a second, agent off and on in turn");
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

/// Each time on to the mean of the times off before and after it.
pub(super) fn on_to_off(on: &[f64], off: &[f64]) -> Vec<f64> {
    let around = off.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    on.iter().zip(around).map(|(on, off)| on / off).collect()
}

/// Each time off to the mean of the times off before and after it.
pub(super) fn noise(off: &[f64]) -> Vec<f64> {
    let ratio = |three: &[f64]| three[1] / f64::midpoint(three[0], three[2]);
    off.windows(3).map(ratio).collect()
}
