//! What a collector's store holds after a run: its sums, and the rows by which to write the same again.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use umbra_report::{Evidence, Observation, RecordBody, Report};

use crate::bodies::Sums;
use crate::database::Place;
use crate::hosts::Host;
use crate::send::Sent;

/// Milliseconds of the hour that observations are kept by.
const HOUR: i64 = 3_600_000;
/// Rank of the evidence `tls_sni`, which all observations of the fleet have (collector/src/store/evidence.rs).
const RANK: i64 = 10;

/// An observation as the store takes it up: added to the row of its caller, destination and hour, and to that of its
/// caller and destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upsert {
    pub(crate) caller: i64,
    pub(crate) destination: i64,
    pub(crate) hour: i64,
    pub(crate) flows: i64,
    pub(crate) bytes_out: i64,
    pub(crate) bytes_in: i64,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) evidence: i64,
}

/// Fails unless the store holds what was acknowledged, to the byte: by hours, by uses, and the number of each agent's
/// last record. Gives how many hosts reported.
pub(crate) async fn compare(
    place: &Place,
    hosts: &[Host<'_>],
    sent: &Sent,
    last: impl Fn(usize, usize) -> u64,
) -> Result<usize> {
    for table in ["observations", "uses"] {
        let sums = sums(place, table).await?;
        let acknowledged = Sums {
            observations: 0,
            ..sent.sums
        };
        ensure!(
            sums == acknowledged,
            "the sums of {table} are not those of the reports that were acknowledged: {sums:?}, not {acknowledged:?}"
        );
    }
    let rows = place
        .rows("SELECT a.agent, CAST(s.sequence AS TEXT) FROM streams s JOIN agents a ON a.id = s.agent")
        .await?;
    let mut streams = HashMap::new();
    for row in &rows {
        let [agent, sequence] = &row[..] else { continue };
        ensure!(
            streams.insert(&**agent, &**sequence).is_none(),
            "agent {agent} has two streams"
        );
    }
    let mut compared = 0;
    for (number, reports) in sent
        .of_hosts
        .iter()
        .enumerate()
        .filter(|(_, reports)| **reports > 0)
    {
        let agent = hosts[number].agent.id.to_string();
        let (stored, acknowledged) = (streams.remove(&*agent), last(number, reports - 1).to_string());
        ensure!(
            stored == Some(&acknowledged),
            "record {acknowledged} of host {number} is acknowledged, and {stored:?} is stored"
        );
        compared += 1;
    }
    ensure!(
        streams.is_empty(),
        "{} agents are stored that reported nothing",
        streams.len()
    );
    Ok(compared)
}

/// What a table's flows and bytes add up to.
pub(crate) async fn sums(place: &Place, table: &str) -> Result<Sums> {
    let rows = place
        .rows(&format!(
            "SELECT CAST(sum(flows) AS TEXT), CAST(sum(bytes_out) AS TEXT), CAST(sum(bytes_in) AS TEXT) FROM {table}"
        ))
        .await?;
    let number = |column: usize| rows.first().and_then(|row| row.get(column)?.parse().ok());
    let sum = |column| number(column).with_context(|| format!("{table} has no sums"));
    Ok(Sums {
        observations: 0,
        flows: sum(0)?,
        bytes_out: sum(1)?,
        bytes_in: sum(2)?,
    })
}

/// All acknowledged observations in the order of their minutes and hosts, with the numbers that the store gave.
pub(crate) async fn upserts(place: &Place, hosts: &[Host<'_>], sent: &Sent) -> Result<Vec<Upsert>> {
    let numbers = Numbers::read(place).await?;
    let mut hosts = hosts.to_vec();
    let minutes = sent.of_hosts.iter().copied().max().unwrap_or_default();
    let mut all = Vec::new();
    for minute in 0..minutes {
        for (host, reports) in hosts.iter_mut().zip(&sent.of_hosts) {
            if minute < *reports {
                numbers.of(&host.report(), &mut all)?;
            }
        }
    }
    Ok(all)
}

/// The store's numbers of callers and destinations.
struct Numbers {
    /// By agent, program and uid.
    callers: HashMap<(String, String, u32), i64>,
    /// By vendor, service, kind and name.
    destinations: HashMap<[String; 4], i64>,
}

impl Numbers {
    async fn read(place: &Place) -> Result<Self> {
        let callers = place
            .rows(
                "SELECT CAST(c.id AS TEXT), a.agent, p.name, CAST(c.uid AS TEXT)
                 FROM callers c JOIN agents a ON a.id = c.agent JOIN programs p ON p.id = c.program",
            )
            .await?;
        let destinations = place
            .rows("SELECT CAST(id AS TEXT), vendor, service, kind, name FROM destinations")
            .await?;
        let mut numbers = Self {
            callers: HashMap::new(),
            destinations: HashMap::new(),
        };
        for row in callers {
            let [id, agent, program, uid] = <[String; 4]>::try_from(row).ok().context("four columns")?;
            numbers
                .callers
                .insert((agent, program, uid.parse()?), id.parse()?);
        }
        for row in destinations {
            let [id, named @ ..] = <[String; 5]>::try_from(row).ok().context("five columns")?;
            numbers.destinations.insert(named, id.parse()?);
        }
        Ok(numbers)
    }

    fn of(&self, report: &Report, all: &mut Vec<Upsert>) -> Result<()> {
        let agent = report.agent.id.to_string();
        for record in &report.records {
            let RecordBody::Observation(observation) = &record.body else {
                continue;
            };
            all.push(self.one(&agent, observation)?);
        }
        Ok(())
    }

    fn one(&self, agent: &str, observation: &Observation) -> Result<Upsert> {
        let (program, user) = (&observation.caller.program.name, &observation.caller.user);
        let caller = (agent.to_owned(), program.clone(), user.uid);
        let destination = [
            observation.vendor.clone(),
            observation.service.clone(),
            observation.kind.as_str().to_owned(),
            observation.name.clone(),
        ];
        ensure!(
            observation.evidence == Evidence::TlsSni,
            "the fleet has one evidence"
        );
        let hour = observation.minute.as_millisecond().div_euclid(HOUR) * HOUR;
        Ok(Upsert {
            caller: *self
                .callers
                .get(&caller)
                .with_context(|| format!("{caller:?} is not stored"))?,
            destination: *self
                .destinations
                .get(&destination)
                .with_context(|| format!("{destination:?} is not stored"))?,
            hour,
            flows: observation.flows.try_into()?,
            bytes_out: observation.bytes_out.try_into()?,
            bytes_in: observation.bytes_in.try_into()?,
            first_seen: observation.first_seen.as_millisecond(),
            last_seen: observation.last_seen.as_millisecond(),
            evidence: RANK,
        })
    }
}

#[cfg(test)]
mod tests;
