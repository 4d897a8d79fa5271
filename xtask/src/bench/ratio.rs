//! Connections with the agent on and off, in turn: how many a second, and what one takes of the processors.
//!
//! Each time on is compared with the mean of the times off just before and after it, which takes out what drifts on a
//! machine that others use too. The same is done for the times off among themselves: that is the noise, and a figure
//! for the agent that lies inside it says no more. The processors' time hardly depends on what else runs: where they
//! are all busy, as here, the one ratio should be the other.

use anyhow::Result;

use super::agent::Agent;
use super::load;
use super::place::Place;
use super::process;
use super::spread::Spread;
use super::table::{Goal, Table};

/// The same of each time off or on.
#[derive(Default)]
struct Times {
    /// Connections a second.
    rates: Vec<f64>,
    /// Connections for a second of processor time of client, server and agent.
    for_a_second: Vec<f64>,
}

pub(super) fn measure(place: &Place, pairs: u32, seconds: u64, table: &mut Table) -> Result<()> {
    load::warm_up(place)?;
    let (mut off, mut on) = (Times::default(), Times::default());
    off.add(place, seconds, None)?;
    for _ in 0..pairs {
        let agent = Agent::start(place)?;
        on.add(place, seconds, Some(&agent))?;
        agent.stop()?;
        off.add(place, seconds, None)?;
    }
    table.group("TLS connections a second, agent off and on in turn");
    table.figure("off", Spread::of(off.rates.iter().copied()), 0);
    table.figure("on", Spread::of(on.rates.iter().copied()), 0);
    let ratios = Spread::of(on_to_off(&on.rates, &off.rates));
    table.goal("on to off", ratios, 3, Goal::AtLeast(0.97));
    show_noise(&off.rates, table);
    table.group("The same for a second of processor time (client, server, agent)");
    let ratios = Spread::of(on_to_off(&on.for_a_second, &off.for_a_second));
    table.figure("on to off", ratios, 3);
    show_noise(&off.for_a_second, table);
    Ok(())
}

impl Times {
    fn add(&mut self, place: &Place, seconds: u64, agent: Option<&Agent>) -> Result<()> {
        let others = || {
            let server = process::cpu(place.server())?.exact;
            let agent = agent.map(Agent::cpu).transpose()?;
            anyhow::Ok(server + agent.map_or(0.0, |cpu| cpu.exact))
        };
        let before = others()?;
        let rate = load::rate(place, seconds)?;
        self.rates.push(rate.a_second);
        self.for_a_second
            .push(rate.made / (rate.processor + others()? - before));
        Ok(())
    }
}

fn show_noise(off: &[f64], table: &mut Table) {
    let noise = noise(off);
    if !noise.is_empty() {
        table.figure("off to off: the noise", Spread::of(noise), 3);
    }
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
