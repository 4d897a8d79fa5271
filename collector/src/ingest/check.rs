//! What a report may say. A report of a broken agent is refused whole, with the reason.
//!
//! - What a user of the host can choose (names of programs, paths, units, images) is cut to its limit and freed of
//!   control characters, never refused: nobody may be able to make the batch that tells on him fail.
//! - A time that is more than ten minutes ahead of the collector's clock or more than 400 days behind is that of a
//!   broken clock. It becomes the time of receipt, and is counted: to refuse it would lose the record. The agent's
//!   start stays as it is, however wrong: it tells one run from another, and must be the same in each report of it.

use jiff::{SignedDuration, Timestamp};
use umbra_report::{Agent, Caller, Gap, Observation, RecordBody, Report, Use, limits};

use crate::refusal::Refusal;

/// How far an agent's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// How old a record may be: the agent's spool and the collector's 13 months fit in.
const BEHIND: SignedDuration = SignedDuration::from_hours(400 * 24);
/// Greatest number of a record, and of anything lost: sums of many stay within the store's integers.
const COUNT: u64 = 1 << 48;
/// Longest pause of agents, in seconds.
const HEARTBEAT: u32 = 3600;

/// Checks a report and brings it into the form that the store keeps; gives the number of times that were corrected.
pub fn check(report: &mut Report, received: Timestamp) -> Result<u64, Refusal> {
    agent(&mut report.agent)?;
    losses(report)?;
    condition(report)?;
    if let Some(running) = &mut report.status.configuration {
        most("status.configuration.serial", running.serial, COUNT)?;
        most("status.configuration.revision", running.revision, COUNT)?;
        clean_if_there(&mut running.refused, limits::PROGRAM);
    }
    if report.records.len() > limits::RECORDS {
        return Err(Refusal::bad(format!(
            "a report may hold {} records; send fewer at once",
            limits::RECORDS
        )));
    }
    let mut clock = Clock {
        received,
        corrected: 0,
    };
    let mut last = 0;
    for record in &mut report.records {
        let sequence = record.sequence;
        if sequence <= last || sequence > COUNT {
            return Err(Refusal::bad(format!(
                "record {sequence} comes after record {last}: numbers begin at 1 and rise"
            )));
        }
        last = sequence;
        match &mut record.body {
            RecordBody::Observation(body) => observation(body, &mut clock),
            RecordBody::Gap(body) => gap(body, sequence, &mut clock),
        }
        .map_err(|error| Refusal::bad(format!("record {sequence}: {error}")))?;
    }
    Ok(clock.corrected)
}

/// Checks what an agent says of itself.
pub(crate) fn agent(agent: &mut Agent) -> Result<(), Refusal> {
    word("agent.host", &mut agent.host, limits::HOST)?;
    word("agent.version", &mut agent.version, limits::WORD)?;
    word("agent.kernel", &mut agent.kernel, limits::WORD)?;
    if let Some(machine_id) = &mut agent.machine_id {
        word("agent.machine_id", machine_id, limits::WORD)?;
    }
    Ok(())
}

/// Checks a use that verdicts are asked of, and brings it into the form in which a report's are judged.
pub(crate) fn used(used: &mut Use) -> Result<(), Refusal> {
    word("vendor", &mut used.vendor, limits::WORD)?;
    word("service", &mut used.service, limits::WORD)?;
    caller(&mut used.caller);
    Ok(())
}

/// Checks what an agent says of its own work.
fn condition(report: &mut Report) -> Result<(), Refusal> {
    let Some(condition) = &mut report.status.condition else {
        return Ok(());
    };
    if !(1..=HEARTBEAT).contains(&condition.heartbeat_seconds) {
        return Err(Refusal::bad(format!(
            "status.condition.heartbeat_seconds is not from 1 to {HEARTBEAT}"
        )));
    }
    if let Some(waiting) = &condition.spool {
        most("status.condition.spool.records", waiting.records, COUNT)?;
        most("status.condition.spool.bytes", waiting.bytes, COUNT)?;
        most(
            "status.condition.spool.oldest_seconds",
            waiting.oldest_seconds,
            COUNT,
        )?;
    }
    if let Some(catalogue) = &mut condition.catalogue {
        word("status.condition.catalogue", catalogue, limits::WORD)?;
    }
    if let Some(trouble) = &mut condition.last_error {
        clean(&mut trouble.error, limits::TROUBLE);
    }
    Ok(())
}

fn losses(report: &mut Report) -> Result<(), Refusal> {
    let losses = &mut report.status.losses;
    if losses.len() > limits::LOSS_CAUSES {
        return Err(Refusal::bad(format!(
            "status.losses may name {} causes",
            limits::LOSS_CAUSES
        )));
    }
    let is_cause = |cause: &str| {
        (1..=limits::LOSS_CAUSE).contains(&cause.len())
            && cause
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    if let Some(cause) = losses.keys().find(|cause| !is_cause(cause)) {
        return Err(Refusal::bad(format!(
            "status.losses: the cause {cause:?} is not 1 to {} of a-z, 0-9 and _",
            limits::LOSS_CAUSE
        )));
    }
    for count in losses.values_mut() {
        *count = (*count).min(COUNT);
    }
    Ok(())
}

/// A fault in a record.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{field} is empty or longer than {limit} bytes")]
    Length { field: &'static str, limit: usize },
    #[error("{field} is {count}, more than {limit}")]
    Count {
        field: &'static str,
        count: u64,
        limit: u64,
    },
    #[error("the gap begins at {from} and counts {records} records")]
    Gap { from: u64, records: u64 },
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::bad(fault.to_string())
    }
}

fn observation(observation: &mut Observation, clock: &mut Clock) -> Result<(), Fault> {
    word("vendor", &mut observation.vendor, limits::WORD)?;
    word("service", &mut observation.service, limits::WORD)?;
    word("name", &mut observation.name, limits::NAME)?;
    most("flows", observation.flows, limits::FLOWS)?;
    most("bytes_out", observation.bytes_out, limits::TRAFFIC)?;
    most("bytes_in", observation.bytes_in, limits::TRAFFIC)?;
    caller(&mut observation.caller);
    if let Some(origin) = &mut observation.origin {
        clean_if_there(&mut origin.name, limits::LABEL);
        origin.ancestors.truncate(limits::ANCESTORS);
        for ancestor in &mut origin.ancestors {
            clean(ancestor, limits::PROGRAM);
        }
    }
    observation.name.make_ascii_lowercase();
    clock.correct(&mut observation.minute);
    clock.correct(&mut observation.first_seen);
    clock.correct(&mut observation.last_seen);
    // The agent's clock may have been set back in between.
    if observation.first_seen > observation.last_seen {
        std::mem::swap(&mut observation.first_seen, &mut observation.last_seen);
    }
    Ok(())
}

fn caller(caller: &mut Caller) {
    let program = &mut caller.program;
    clean(&mut program.name, limits::PROGRAM);
    if program.name.is_empty() {
        "unknown".clone_into(&mut program.name);
    }
    if let Some(package) = &mut program.package {
        clean(&mut package.manager, limits::LABEL);
        clean(&mut package.name, limits::LABEL);
        clean_if_there(&mut package.version, limits::LABEL);
    }
    if let Some(container) = &mut caller.container {
        clean(&mut container.id, limits::LABEL);
        clean_if_there(&mut container.image, limits::PROGRAM);
        for text in [
            &mut container.name,
            &mut container.pod,
            &mut container.namespace,
            &mut container.workload,
        ] {
            clean_if_there(text, limits::LABEL);
        }
    }
    if let Some(groups) = &mut caller.user.groups {
        groups.truncate(limits::GROUPS);
        for group in &mut *groups {
            clean(group, limits::LABEL);
        }
        groups.retain(|group| !group.is_empty());
        // One form of the same groups, whatever order a host tells them in.
        groups.sort_unstable();
        groups.dedup();
    }
    for (text, limit) in [
        (&mut caller.user.name, limits::LABEL),
        (&mut program.exe, limits::PATH),
        (&mut program.script, limits::PATH),
        (&mut program.sha256, limits::LABEL),
        (&mut caller.unit, limits::LABEL),
    ] {
        clean_if_there(text, limit);
    }
}

fn gap(gap: &mut Gap, sequence: u64, clock: &mut Clock) -> Result<(), Fault> {
    if gap.from == 0 || gap.from > sequence || gap.records > COUNT {
        return Err(Fault::Gap {
            from: gap.from,
            records: gap.records,
        });
    }
    clock.correct(&mut gap.first_seen);
    clock.correct(&mut gap.last_seen);
    Ok(())
}

/// Refuses what is empty or too long; the rest goes into logs and onto the page, so it is freed of what is hostile.
fn word(field: &'static str, text: &mut String, limit: usize) -> Result<(), Fault> {
    if text.is_empty() || text.len() > limit {
        return Err(Fault::Length { field, limit });
    }
    clean(text, limit);
    Ok(())
}

fn most(field: &'static str, count: u64, limit: u64) -> Result<(), Fault> {
    if count > limit {
        Err(Fault::Count { field, count, limit })
    } else {
        Ok(())
    }
}

/// Cuts `text` to `limit` bytes and puts U+FFFD in the place of control characters and of those that turn the
/// direction of text: a program's name must not rewrite the line that it stands in.
fn clean(text: &mut String, limit: usize) {
    text.truncate(text.floor_char_boundary(limit));
    let is_hostile = |character: char| {
        character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(is_hostile) {
        *text = text.replace(is_hostile, "\u{fffd}");
        text.truncate(text.floor_char_boundary(limit));
    }
}

fn clean_if_there(text: &mut Option<String>, limit: usize) {
    if let Some(text) = text {
        clean(text, limit);
    }
}

/// The collector's clock, by which an agent's times are believed or not.
struct Clock {
    received: Timestamp,
    corrected: u64,
}

impl Clock {
    fn correct(&mut self, time: &mut Timestamp) {
        let age = self.received.duration_since(*time);
        if age > BEHIND || age < -AHEAD {
            *time = self.received;
            self.corrected += 1;
        }
    }
}
