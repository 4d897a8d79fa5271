//! Sums by caller and service since the agent started.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use umbra_catalog::Kind;
use umbra_report::Caller;

use super::word::{Seen, Used};
use crate::flows::Step;
use crate::output::Told;

/// Callers and services that are kept; some hundred bytes each.
const MOST: usize = 2_048;
/// Names of one of them.
pub(super) const NAMES: usize = 16;

/// The table, shared by the pipeline, which fills it, and whoever looks.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<Table>>);

impl Live {
    /// Adds a change of a flow.
    pub fn tell(&self, told: &Told<'_>) {
        self.lock().tell(told);
    }

    /// All rows, and how many were forgotten.
    pub fn look(&self) -> (Vec<Used>, u64) {
        let table = self.lock();
        (table.rows.values().cloned().collect(), table.forgotten)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What does not change of a caller while more becomes known of it, and the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    program: String,
    script: Option<String>,
    uid: u32,
    container: Option<String>,
    unit: Option<String>,
    vendor: Arc<str>,
    service: Arc<str>,
    kind: Kind,
}

/// The rows.
#[derive(Debug, Default)]
pub struct Table {
    rows: HashMap<Key, Used>,
    next: u64,
    forgotten: u64,
}

impl Table {
    fn tell(&mut self, told: &Told<'_>) {
        // What a proxy passes on for a program here is counted as that program's.
        if told.relays.is_some() {
            return;
        }
        let key = Key::of(told);
        if !self.rows.contains_key(&key) {
            if self.rows.len() >= MOST {
                self.forget_one();
            }
            self.next += 1;
        }
        let id = self.next;
        let row = self.rows.entry(key).or_insert_with(|| begin(told, id));
        let change = told.change;
        match change.step {
            Step::Opened => {
                row.flows += 1;
                row.open += 1;
                row.pid = told.attributed.process.pid;
                row.see(told);
            }
            Step::Moved => {}
            // Its opening may have been forgotten meanwhile.
            Step::Closed => row.open = row.open.saturating_sub(1),
        }
        row.bytes_out = row.bytes_out.saturating_add(change.new_out);
        row.bytes_in = row.bytes_in.saturating_add(change.new_in);
        row.last_seen = row.last_seen.max(change.time);
        if row.caller != *told.attributed.caller {
            row.caller = Caller::clone(&told.attributed.caller);
        }
        row.origin = told.attributed.set_off().or(row.origin.take());
    }

    /// The longest silent one; one without living flows, when there is any.
    fn forget_one(&mut self) {
        let silent = self
            .rows
            .iter()
            .min_by_key(|(_, row)| (row.open > 0, row.last_seen));
        if let Some(key) = silent.map(|(key, _)| key.clone()) {
            self.rows.remove(&key);
            self.forgotten += 1;
        }
    }
}

impl Key {
    fn of(told: &Told<'_>) -> Self {
        let caller = &told.attributed.caller;
        Self {
            program: caller.program.name.clone(),
            script: caller.program.script.clone(),
            uid: caller.user.uid,
            container: caller.container.as_ref().map(|container| container.id.clone()),
            unit: caller.unit.clone(),
            vendor: told.service.vendor.clone(),
            service: told.service.service.clone(),
            kind: told.service.kind,
        }
    }
}

fn begin(told: &Told<'_>, id: u64) -> Used {
    Used {
        id,
        caller: Caller::clone(&told.attributed.caller),
        origin: None,
        pid: told.attributed.process.pid,
        vendor: told.service.vendor.to_string(),
        service: told.service.service.to_string(),
        kind: told.service.kind,
        names: Vec::new(),
        open: 0,
        flows: 0,
        bytes_out: 0,
        bytes_in: 0,
        first_seen: told.change.flow.opened,
        last_seen: told.change.time,
        verdict: None,
    }
}

impl Used {
    /// Puts the flow's name first.
    fn see(&mut self, told: &Told<'_>) {
        self.names.retain(|seen| seen.name != told.name);
        self.names.truncate(NAMES - 1);
        let seen = Seen {
            name: told.name.to_owned(),
            evidence: told.change.flow.evidence,
        };
        self.names.insert(0, seen);
    }
}
