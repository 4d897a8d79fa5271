//! What the kernel programs cost: nanoseconds a run, and for a flow in all.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::load;
use super::place::Place;
use super::programs::{self, Account, Programs, Runs};
use super::spread::Spread;
use super::table::Table;

/// Programs that are started in each round, besides those of the load.
const EXECUTIONS: u32 = 1_000;

pub(super) fn measure(place: &Place, rounds: u32, table: &mut Table) -> Result<()> {
    let _account = Account::open()?;
    load::warm_up(place)?;
    let mut each: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let (mut flow, mut execution) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let before = programs::read()?;
        load::flows(place)?;
        let between = programs::read()?;
        load::executions(EXECUTIONS)?;
        let after = programs::read()?;
        ensure!(!after.is_empty(), "bpftool shows none of the agent's programs");
        for (name, runs) in &after {
            let runs = runs.since(earlier(&before, name));
            let values = each.entry(name.clone()).or_default();
            if runs.count > 0 {
                values.push(ratio(runs.nanoseconds, runs.count));
            }
        }
        flow.push(ratio(total(&before, &between), load::FLOWS));
        execution.push(ratio(total(&between, &after), EXECUTIONS.into()));
    }
    table.group("Kernel programs, nanoseconds a run");
    for (name, values) in each {
        if values.is_empty() {
            table.absent(&name, "did not run");
        } else {
            table.figure(&name, Spread::of(values), 0);
        }
    }
    table.group("All of them together, nanoseconds");
    table.figure("a flow of the load, both ends", Spread::of(flow), 0);
    table.figure("a short program, fork to exit", Spread::of(execution), 0);
    Ok(())
}

fn earlier(programs: &Programs, name: &str) -> Runs {
    programs.get(name).copied().unwrap_or_default()
}

/// Nanoseconds of all programs between two accounts.
fn total(before: &Programs, after: &Programs) -> u64 {
    let runs = after.iter().map(|(name, runs)| runs.since(earlier(before, name)));
    runs.map(|runs| runs.nanoseconds).sum()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(sum: u64, count: u64) -> f64 {
    sum as f64 / count as f64
}
