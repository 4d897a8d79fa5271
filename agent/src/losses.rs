//! What was lost since the agent started, counted by cause; it goes into every report and into the metrics.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use umbra_agent_common::counter::{COUNTERS, Counter};

/// Why the user-space half lost something.
#[repr(usize)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Activities that found the queue to the rollup full.
    ActivityQueueFull,
    /// Observations that could not be written to the spool and no longer fitted into memory.
    SpoolUnwritable,
    /// Records dropped, oldest first, because the spool reached its cap.
    SpoolFull,
    /// Spool files that were damaged and set aside.
    SpoolCorrupt,
    /// Records that a damaged spool lost.
    RecordDamaged,
    /// Records that the collector refused; they are in the dead-letter folder.
    CollectorRefused,
    /// Dead-letter files removed, oldest first, because the folder reached its cap, or never written.
    DeadLetterFull,
    /// Lines of output that found the queue to stdout full, because nobody read there.
    OutputQueueFull,
    /// Processes that were gone before the agent could name them.
    ProcessUnknown,
    /// Agents before this one that were killed, with an unknown number of counts in each.
    AgentKilled,
    /// Flows that said their name in too many pieces, or while too many others did.
    FlowUndecided,
    /// Flows whose name is encrypted, to an address of a catalogue name and of others.
    NameEncrypted,
    /// Questions about users, files or containers that were not asked, because too many waited.
    LookupQueueFull,
}

impl Loss {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::ActivityQueueFull,
        Self::SpoolUnwritable,
        Self::SpoolFull,
        Self::SpoolCorrupt,
        Self::RecordDamaged,
        Self::CollectorRefused,
        Self::DeadLetterFull,
        Self::OutputQueueFull,
        Self::ProcessUnknown,
        Self::AgentKilled,
        Self::FlowUndecided,
        Self::NameEncrypted,
        Self::LookupQueueFull,
    ];

    /// The name in a report's losses and in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ActivityQueueFull => "activity_queue_full",
            Self::SpoolUnwritable => "spool_unwritable",
            Self::SpoolFull => "spool_full",
            Self::SpoolCorrupt => "spool_corrupt",
            Self::RecordDamaged => "record_damaged",
            Self::CollectorRefused => "collector_refused",
            Self::DeadLetterFull => "dead_letter_full",
            Self::OutputQueueFull => "output_queue_full",
            Self::ProcessUnknown => "process_unknown",
            Self::AgentKilled => "agent_killed",
            Self::FlowUndecided => "flow_undecided",
            Self::NameEncrypted => "name_encrypted",
            Self::LookupQueueFull => "lookup_queue_full",
        }
    }
}

/// The counts, shared by all stages.
#[derive(Debug, Default)]
pub struct Losses {
    agent: [AtomicU64; Loss::ALL.len()],
    kernel: [AtomicU64; COUNTERS as usize],
}

impl Losses {
    /// Counts `lost` more of `cause`.
    pub fn add(&self, cause: Loss, lost: u64) {
        self.agent[cause as usize].fetch_add(lost, Relaxed);
    }

    /// Replaces what the kernel programs counted since they were loaded.
    pub fn set_kernel(&self, counts: impl IntoIterator<Item = (Counter, u64)>) {
        for (counter, count) in counts {
            self.kernel[counter as usize].store(count, Relaxed);
        }
    }

    /// All counters of the kernel programs, losses or not.
    pub fn kernel(&self) -> impl Iterator<Item = (Counter, u64)> + '_ {
        Counter::ALL
            .into_iter()
            .map(|counter| (counter, self.kernel[counter as usize].load(Relaxed)))
    }

    /// Every cause with its count, zero or not.
    pub fn by_cause(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let agent = Loss::ALL
            .into_iter()
            .map(|cause| (cause.name(), self.agent[cause as usize].load(Relaxed)));
        let kernel = self.kernel().filter(|(counter, _)| counter.is_loss());
        agent.chain(kernel.map(|(counter, count)| (counter.name(), count)))
    }

    /// The causes that have lost something, for [`umbra_report::Status`].
    pub fn for_report(&self) -> BTreeMap<String, u64> {
        self.by_cause()
            .filter(|(_, count)| *count > 0)
            .map(|(cause, count)| (cause.to_owned(), count))
            .collect()
    }
}

#[cfg(test)]
mod tests;
