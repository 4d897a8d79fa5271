//! Memory of a collector by how many agents are connected.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::agents::{self, Agent};
use crate::authority::Authority;
use crate::bodies::Body;
use crate::collector::Collector;
use crate::database::{Kind, Place};
use crate::enrolment::Applicant;
use crate::hosts::Fleet;
use crate::process;
use crate::table::Table;

/// How long the collector is left alone before its memory is read.
const REST: Duration = Duration::from_secs(1);

/// Measures on an empty database with none connected and with each of `counts`, which rise.
pub(crate) async fn measure(
    program: &Path,
    authority: &Arc<Authority>,
    fleet: &Fleet,
    counts: &[usize],
    (kind, place): (Kind, &Place),
    table: &mut Table,
) -> Result<()> {
    let collector = Collector::start(program, place, authority)?;
    let most = counts.iter().copied().max().unwrap_or_default();
    let token = collector.token(most.max(1))?;
    let resident = || {
        std::thread::sleep(REST);
        process::resident(collector.pid())
    };
    let none = resident()?;
    table.group(format!("{kind}: resident memory of the collector (VmRSS), KiB"));
    table.figure("no agent", [kibibytes(none)], 0);
    let mut hosts = fleet.hosts(most);
    let mut connected: Vec<Agent> = Vec::with_capacity(most);
    for &count in counts {
        eprintln!("fleet: {kind}, memory with {count} agents");
        let more = hosts
            .get_mut(connected.len()..count)
            .context("numbers of agents rise")?;
        let applicants: Result<Vec<_>> = more
            .iter()
            .map(|host| Applicant::new(host.agent.clone()).map(Arc::new))
            .collect();
        let mut agents = agents::enrol(&applicants?, collector.agents, &token, authority).await?;
        for (agent, host) in agents.iter_mut().zip(more) {
            agent.report(&Body::of(&host.report())?).await?;
        }
        connected.append(&mut agents);
        let some = resident()?;
        table.figure(&format!("{count} agents connected"), [kibibytes(some)], 0);
        let each = kibibytes(some.saturating_sub(none)) * 1000.0 / kibibytes(count as u64);
        table.figure("  more for 1,000 agents", [each], 0);
    }
    drop(connected);
    collector.stop()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn kibibytes(number: u64) -> f64 {
    number as f64
}
