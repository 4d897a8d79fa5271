//! Fills the tables that a collector made in SQLite, as a large fleet would have after three months. Sums are those of
//! their hours, and each program has the findings that its callers' names deserve.

use std::collections::BTreeMap;

use anyhow::Result;
use fastrand::Rng;
use rusqlite::{Connection, Statement, Transaction, params};

use super::Size;
use super::host::{Caller, DAYS, HOUR, Host, Sum};
use super::world::{Program, World};

/// How long collectors have lived: as long as there are hosts.
const LIVED: i64 = DAYS * 24 * HOUR;
/// The rank of evidence that is not enough for a finding.
const IP: i64 = 70;
/// Makes what triggers would have made row by row.
const POSTINGS: &str = include_str!("../../../collector/migrations/0013_search_of_before.sql");
/// What was lost now and then.
const CAUSES: [&str; 4] = [
    "ring_buffer_full",
    "process_table_full",
    "spool_full",
    "reassembly_full",
];

/// Fills the empty tables of `database`; the same seed and time give the same rows.
pub(crate) fn fill(database: &mut Connection, size: Size, seed: u64, now: i64) -> Result<()> {
    let rng = &mut Rng::with_seed(seed);
    let world = World::new(rng, size.hosts, size.callers);
    database.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000;",
    )?;
    let transaction = database.transaction()?;
    let later = put_off(&transaction)?;
    dictionaries(&transaction, &world)?;
    let mut rows = Rows::of(&transaction)?;
    // Two callers after each other have twice the mean together, so that the whole is exact.
    let mean = size.hours / size.callers;
    let mut owed = None;
    let mut hours = |rng: &mut Rng| {
        owed.take().unwrap_or_else(|| {
            let this = rng.u64(1..2 * mean);
            owed = Some(2 * mean - this);
            this
        })
    };
    let mut left = size.callers;
    for number in 0..size.hosts {
        let host = Host::new(number, rng, now);
        let hosts_left = size.hosts - number;
        let most = (left / hosts_left * 2).max(1);
        let count = if hosts_left == 1 {
            left
        } else {
            rng.u64(1..=most).min(left)
        };
        left -= count;
        rows.host(&host, rng, now)?;
        for caller in host.callers(count, &mut hours, &world, rng) {
            rows.caller(&host, &caller, &world, rng)?;
        }
    }
    rows.findings()?;
    drop(rows);
    transaction.execute("UPDATE life SET lived = ?1, seen = ?2", params![LIVED, now])?;
    transaction.execute_batch(POSTINGS)?;
    for statement in later {
        transaction.execute_batch(&statement)?;
    }
    transaction.commit()?;
    database.execute_batch("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;")?;
    Ok(())
}

/// Drops what would be kept up row by row; gives the statements that bring it back.
fn put_off(transaction: &Transaction<'_>) -> Result<Vec<String>> {
    let mut query = transaction.prepare(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
         ORDER BY type",
    )?;
    let objects = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let objects: Vec<(String, String, String)> = objects.collect::<Result<_, _>>()?;
    drop(query);
    for (kind, name, _) in &objects {
        transaction.execute_batch(&format!("DROP {kind} {name}"))?;
    }
    Ok(objects.into_iter().map(|(_, _, sql)| sql).collect())
}

/// Rows are numbered from 1 in the order of the lists.
fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX - 1) + 1
}

fn dictionaries(transaction: &Transaction<'_>, world: &World) -> Result<()> {
    let mut insert = transaction.prepare("INSERT INTO programs (id, name, place) VALUES (?1, ?2, ?3)")?;
    for (place, program) in world.programs.iter().enumerate() {
        insert.execute(params![number(place), program.name, program.place])?;
    }
    let mut insert = transaction
        .prepare("INSERT INTO destinations (id, vendor, service, kind, name) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (place, it) in world.destinations.iter().enumerate() {
        insert.execute(params![
            number(place),
            it.vendor,
            it.service,
            it.kind.as_str(),
            it.name
        ])?;
    }
    transaction.execute(
        "INSERT INTO tokens (id, hash, label, created, expires, uses_left) VALUES ('fleet', ?1, 'made', 0, 0, 0)",
        [hex(&mut Rng::with_seed(1), 32)],
    )?;
    Ok(())
}

/// The first observation of a program and vendor.
#[derive(Clone, Copy)]
struct First {
    seen: i64,
    evidence: i64,
    caller: i64,
    destination: usize,
}

/// Statements, and the numbers of the last rows.
struct Rows<'a> {
    agent: Statement<'a>,
    stream: Statement<'a>,
    enrolment: Statement<'a>,
    certificate: Statement<'a>,
    loss: Statement<'a>,
    gap: Statement<'a>,
    caller: Statement<'a>,
    observation: Statement<'a>,
    used: Statement<'a>,
    finding: Statement<'a>,
    alert: Statement<'a>,
    callers: i64,
    firsts: BTreeMap<(usize, String), First>,
}

impl<'a> Rows<'a> {
    fn of(transaction: &'a Transaction<'_>) -> Result<Self> {
        let prepare = |statement: &str| transaction.prepare(statement);
        Ok(Self {
            agent: prepare(
                "INSERT INTO agents (id, agent, host, machine_id, version, kernel, started, first_report, last_report,
                     heard, heartbeat, condition)
                 VALUES (?1, ?2, ?3, ?4, '0.1.0', ?5, ?6, ?7, ?8, ?9, 60, ?10)",
            )?,
            stream: prepare("INSERT INTO streams (agent, epoch, sequence) VALUES (?1, ?2, ?3)")?,
            enrolment: prepare(
                "INSERT INTO enrolments (agent, key, token, host, machine_id, enrolled, boot, retired)
                 VALUES (?1, ?2, 'fleet', ?3, ?4, ?5, ?6, ?7)",
            )?,
            certificate: prepare(
                "INSERT INTO certificates (fingerprint, agent, issued, not_after) VALUES (?1, ?2, ?3, ?4)",
            )?,
            loss: prepare(
                "INSERT INTO losses (agent, started, cause, count, last_rise) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            gap: prepare(
                "INSERT INTO gaps (agent, epoch, first_sequence, last_sequence, records, explained, first_seen,
                     last_seen, received)
                 VALUES (?1, ?2, 100, 119, 20, ?3, ?4, ?4, ?4)",
            )?,
            caller: prepare(
                "INSERT INTO callers (id, agent, program, uid, user_name, exe, script, container, image, unit, package,
                     package_version, sha256, origin)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?,
            observation: prepare(
                "INSERT INTO observations (caller, destination, hour, flows, bytes_out, bytes_in, first_seen,
                     last_seen, evidence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            used: prepare(
                "INSERT INTO uses (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            finding: prepare(
                "INSERT INTO findings (id, kind, program, vendor, caller, destination, evidence, first_seen, created)
                 VALUES (?1, 'new_caller', ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            alert: prepare(
                "INSERT INTO outbox (delivery, finding, state, attempts, due, created, finished)
                 VALUES (?1, ?2, 'delivered', 1, ?3, ?3, ?4)",
            )?,
            callers: 0,
            firsts: BTreeMap::new(),
        })
    }

    /// An agent with all that is known of it but its callers.
    fn host(&mut self, host: &Host, rng: &mut Rng, now: i64) -> Result<()> {
        let id = number(usize::try_from(host.number)?);
        let (agent, epoch, machine) = (uuid(rng), uuid(rng), hex(rng, 16));
        let last = host.end - rng.i64(0..60_000);
        let started = host.begin.max(last - rng.i64(0..30 * 24 * HOUR));
        let kernel = [
            "6.1.0-28-amd64",
            "6.8.0-51-generic",
            "6.12.9",
            "5.15.0-130-generic",
        ][rng.usize(0..4)];
        let condition = format!(
            r#"{{"heartbeat_seconds":60,"spool":{{"records":{0},"bytes":{1},"oldest_seconds":{0}}},"catalogue":"5f0c9a7e12b3d486","programs":14}}"#,
            rng.u8(0..9),
            rng.u16(..),
        );
        let heard = LIVED - (now - last);
        self.agent.execute(params![
            id, agent, host.name, machine, kernel, started, host.begin, last, heard, condition
        ])?;
        self.stream.execute(params![id, epoch, rng.i64(1000..100_000)])?;
        // Half of a data centre that was closed is forgotten: those are missing.
        let retired = (host.closed && rng.bool()).then_some(host.end);
        self.enrolment.execute(params![
            agent,
            hex(rng, 32),
            host.name,
            machine,
            host.begin,
            uuid(rng),
            retired
        ])?;
        for issued in [last - 5 * 24 * HOUR, last - HOUR] {
            self.certificate
                .execute(params![hex(rng, 32), agent, issued, issued + 7 * 24 * HOUR])?;
        }
        if rng.u8(0..10) < 3 {
            for run in 0..rng.i64(1..8) {
                let cause = CAUSES[rng.usize(0..CAUSES.len())];
                self.loss.execute(params![
                    id,
                    started - run * 24 * HOUR,
                    cause,
                    rng.i64(1..500),
                    last
                ])?;
            }
        }
        if rng.u8(0..20) == 0 {
            self.gap
                .execute(params![id, epoch, i64::from(rng.u8(0..4) > 0), last])?;
        }
        Ok(())
    }

    fn caller(&mut self, host: &Host, caller: &Caller, world: &World, rng: &mut Rng) -> Result<()> {
        self.callers += 1;
        let Program { name, place } = &world.programs[caller.program];
        let is_script = name.starts_with("/srv/") || name.starts_with("/app/");
        let home = caller.user.as_deref().filter(|_| caller.uid >= 1000);
        let exe = match (name.starts_with('/'), home) {
            (true, _) if is_script => "/usr/bin/interpreter".to_owned(),
            (true, _) => name.clone(),
            (false, Some(user)) => format!("/home/{user}/.local/bin/{name}"),
            (false, None) => format!("/usr/local/bin/{name}"),
        };
        let image = place.contains('/').then_some(place);
        let unit = place.ends_with(".service").then_some(place);
        let package = name.starts_with('@').then(|| format!("npm:{name}"));
        let origin = match caller.uid {
            0 => r#"{"kind":"cron","name":"/etc/cron.hourly/report"}"#.to_owned(),
            _ => format!(r#"{{"kind":"ssh","peer":"10.0.{}.{}"}}"#, rng.u8(..), rng.u8(..)),
        };
        self.caller.execute(params![
            self.callers,
            number(usize::try_from(host.number)?),
            number(caller.program),
            caller.uid,
            caller.user,
            exe,
            is_script.then_some(name),
            image.map(|_| hex(rng, 32)),
            image,
            unit,
            package,
            package.as_ref().map(|_| "1.4.2"),
            hex(&mut Rng::with_seed(caller.program as u64), 32),
            origin
        ])?;
        for used in &caller.uses {
            let destination = number(used.destination);
            for (hour, sum) in &used.hours {
                let Sum {
                    flows,
                    bytes_out,
                    bytes_in,
                    first_seen,
                    last_seen,
                    evidence,
                } = *sum;
                self.observation.execute(params![
                    self.callers,
                    destination,
                    hour,
                    flows,
                    bytes_out,
                    bytes_in,
                    first_seen,
                    last_seen,
                    evidence
                ])?;
            }
            let sum = used.sum;
            self.used.execute(params![
                self.callers,
                destination,
                sum.flows,
                sum.bytes_out,
                sum.bytes_in,
                sum.first_seen,
                sum.last_seen,
                sum.evidence
            ])?;
            let it = &world.destinations[used.destination];
            if it.kind.raises_finding() && sum.evidence != IP {
                let first = First {
                    seen: sum.first_seen,
                    evidence: sum.evidence,
                    caller: self.callers,
                    destination: used.destination,
                };
                self.firsts
                    .entry((caller.program, it.vendor.clone()))
                    .and_modify(|kept| {
                        if first.seen < kept.seen {
                            *kept = first;
                        }
                    })
                    .or_insert(first);
            }
        }
        Ok(())
    }

    fn findings(&mut self) -> Result<()> {
        let rng = &mut Rng::with_seed(2);
        for (place, ((program, vendor), first)) in std::mem::take(&mut self.firsts).into_iter().enumerate() {
            let created = first.seen + 60_000;
            self.finding.execute(params![
                number(place),
                number(program),
                vendor,
                first.caller,
                number(first.destination),
                first.evidence,
                first.seen,
                created
            ])?;
            self.alert
                .execute(params![uuid(rng), number(place), created, created + 500])?;
        }
        Ok(())
    }
}

/// So many bytes in hexadecimal digits.
fn hex(rng: &mut Rng, bytes: usize) -> String {
    use std::fmt::Write as _;
    (0..bytes).fold(String::with_capacity(2 * bytes), |mut text, _| {
        let _ = write!(text, "{:02x}", rng.u8(..));
        text
    })
}

fn uuid(rng: &mut Rng) -> String {
    uuid::Builder::from_random_bytes(rng.u128(..).to_be_bytes())
        .into_uuid()
        .to_string()
}
