//! Reports a second, in turns with what the database itself can.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::authority::Authority;
use crate::bodies::Body;
use crate::cluster::Cluster;
use crate::collector::Collector;
use crate::database::{Kind, Place};
use crate::enrolment::Applicant;
use crate::hosts::Host;
use crate::limit::{self, Written};
use crate::send::{self, Sent};
use crate::table::{Goal, Table};
use crate::{agents, process, stored};

/// What all rounds have in common.
pub(crate) struct Plan<'a> {
    pub(crate) collector: &'a Path,
    pub(crate) authority: &'a Arc<Authority>,
    /// The hosts before their first report.
    pub(crate) hosts: &'a [Host<'a>],
    pub(crate) applicants: &'a [Arc<Applicant>],
    pub(crate) bodies: &'a Arc<Vec<Vec<Body>>>,
    /// Minutes that each report is of.
    pub(crate) minutes: u32,
    pub(crate) at_once: usize,
    pub(crate) reconnect: bool,
    pub(crate) duration: Duration,
    pub(crate) rounds: u32,
}

/// One turn of each.
struct Round {
    sent: Sent,
    /// CPU time in seconds: the collector's, that of PostgreSQL's processes, the fleet's own.
    cpu: [f64; 3],
    commits: u64,
    /// Hosts that reported, all of whose records are in the store.
    compared: usize,
    upserted: Written,
    inserted: Written,
}

/// Measures on empty databases, which `empty` makes.
pub(crate) async fn measure(
    plan: &Plan<'_>,
    kind: Kind,
    cluster: Option<&Cluster>,
    empty: impl Fn() -> Result<Place>,
    table: &mut Table,
) -> Result<()> {
    let mut rounds = Vec::new();
    for number in 1..=plan.rounds {
        let (of, minutes) = (plan.rounds, plan.minutes);
        eprintln!("fleet: {kind}, minutes a report: {minutes}, round {number} of {of}");
        let place = empty()?;
        let round = round(plan, cluster, &place)
            .await
            .with_context(|| format!("on {kind}"))?;
        rounds.push(round);
    }
    let title = match plan.minutes {
        1 => kind.to_string(),
        minutes => format!("{kind}, {minutes} minutes a report, as after an outage"),
    };
    say(&title, kind, &rounds, table);
    Ok(())
}

async fn round(plan: &Plan<'_>, cluster: Option<&Cluster>, place: &Place) -> Result<Round> {
    let collector = Collector::start(plan.collector, place, plan.authority)?;
    let (sent, cpu, commits) = served(plan, cluster, place, &collector)
        .await
        .with_context(|| format!("the collector said last: {}", collector.last_words()))?;
    collector.stop()?;
    let last = |host: usize, report: usize| plan.bodies[host][report].last;
    let compared = stored::compare(place, plan.hosts, &sent, last).await?;
    let upserts = stored::upserts(place, plan.hosts, &sent).await?;
    let (program, authority) = (plan.collector, plan.authority);
    let [upserted, inserted] =
        limit::measure(place, &upserts, sent.sums, program, authority, cluster).await?;
    Ok(Round {
        sent,
        cpu,
        commits,
        compared,
        upserted,
        inserted,
    })
}

async fn served(
    plan: &Plan<'_>,
    cluster: Option<&Cluster>,
    place: &Place,
    collector: &Collector,
) -> Result<(Sent, [f64; 3], u64)> {
    let token = collector.token(plan.applicants.len())?;
    let agents = agents::enrol(plan.applicants, collector.agents, &token, plan.authority).await?;
    let cpu = || {
        let server = cluster.map_or(Ok(0.0), |cluster| process::cpu_of_tree(cluster.pid()));
        anyhow::Ok([
            process::cpu(collector.pid())?,
            server?,
            process::cpu(std::process::id())?,
        ])
    };
    let (commits, before) = (place.commits().await?, cpu()?);
    let sent = send::send(agents, plan.bodies, plan.at_once, plan.reconnect, plan.duration).await?;
    let after = cpu()?;
    let commits = place.commits().await? - commits;
    Ok((sent, std::array::from_fn(|of| after[of] - before[of]), commits))
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn say(title: &str, kind: Kind, rounds: &[Round], table: &mut Table) {
    let each = |of: fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<f64>>();
    let reports = |round: &Round| round.sent.reports as f64;
    let observations = |round: &Round| round.sent.sums.observations as f64;
    table.group(format!("{title}: reports as fast as they are taken"));
    table.figure(
        "reports a second",
        rounds.iter().map(|it| reports(it) / it.sent.seconds),
        0,
    );
    table.figure(
        "observations a second",
        rounds.iter().map(|it| observations(it) / it.sent.seconds),
        0,
    );
    table.figure(
        "observations a report",
        rounds.iter().map(|it| observations(it) / reports(it)),
        2,
    );
    table.figure(
        "bytes of a report, packed",
        rounds.iter().map(|it| it.sent.packed as f64 / reports(it)),
        0,
    );
    table.figure(
        "wait for the answer, ms, median",
        each(|it| at(&it.sent.waits, 0.5) * 1e3),
        1,
    );
    table.figure(
        "wait for the answer, ms, p99",
        each(|it| at(&it.sent.waits, 0.99) * 1e3),
        1,
    );
    table.figure("transactions", each(|it| it.commits as f64), 0);
    table.figure(
        "hosts whose records are all stored",
        each(|it| it.compared as f64),
        0,
    );
    let thousand = |of: usize| rounds.iter().map(move |it| it.cpu[of] / reports(it) * 1e3);
    table.group(format!("{title}: CPU time of 1,000 reports, seconds"));
    table.figure("collector", thousand(0), 3);
    if kind == Kind::Postgres {
        table.figure("PostgreSQL, all its processes", thousand(1), 3);
    }
    table.figure("the fleet itself", thousand(2), 3);
    table.group(format!("{title}: the same, written by the database's own means"));
    let limit = |round: &Round| observations(round) / round.upserted.seconds;
    table.figure("bulk upsert, observations a second", rounds.iter().map(limit), 0);
    table.figure(
        "bulk insert, final rows a second",
        each(|it| it.inserted.rows as f64 / it.inserted.seconds),
        0,
    );
    table.figure("final rows", each(|it| it.inserted.rows as f64), 0);
    table.goal(
        "observations served to bulk upsert",
        rounds.iter().map(|it| it.upserted.seconds / it.sent.seconds),
        3,
        Goal::AtLeast(0.5),
    );
    table.figure(
        "observations served to bulk insert",
        rounds.iter().map(|it| it.inserted.seconds / it.sent.seconds),
        3,
    );
}

/// The value at this part of the whole; 0 of nothing.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
fn at(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part) as usize;
    sorted
        .get(place.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}
