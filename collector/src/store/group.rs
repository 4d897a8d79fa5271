//! Group commit: reports that come while others are written wait, and are then stored together. A commit waits for the
//! disk; so many reports share one wait, and one round of statements.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use umbra_fail_point::fail_point;
use umbra_report::Report;
use uuid::Uuid;

use super::{Applied, Both, Shown, Store, StoreError};
use crate::denied::Denied;

/// Reports in a transaction.
const REPORTS: usize = 256;
/// Records in a transaction, unless one report alone has more.
const RECORDS: usize = 10_000;

/// A report for the store.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The report; it has passed [`crate::ingest::check`].
    pub report: Report,
    /// When it came.
    pub received: Timestamp,
    /// The certificate that must be good; `None` when none is needed.
    pub shown: Option<Shown>,
    /// So long collectors must have lived before a vendor's first use is a finding.
    pub learning: Duration,
}

#[cfg(test)]
impl Arrival {
    /// Of an agent that has never enrolled.
    pub(crate) fn of(report: Report, received: Timestamp) -> Self {
        Self {
            report,
            received,
            shown: None,
            learning: crate::findings::Watch::default().learning,
        }
    }
}

/// Why a report is not in the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Rejected {
    /// Its sender may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store could not; it is in the log. One error may be that of many reports.
    #[error(transparent)]
    Failed(#[from] Arc<StoreError>),
}

/// A report that waits.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) arrival: Arrival,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Applied, Rejected>;

/// Reports that wait, and the tasks that write them. How many wait is bounded by who may send ([`crate::ingest`]).
#[derive(Debug)]
pub(super) struct Groups(Mutex<State>);

#[derive(Debug)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Item>,
    /// Tasks that will look at `waiting` once more.
    pub(super) writers: usize,
    pub(super) most_writers: usize,
    tasks: JoinSet<()>,
}

impl Groups {
    /// For a store into which so many transactions write at once.
    pub(super) fn new(most_writers: usize) -> Self {
        Self(Mutex::new(State {
            waiting: VecDeque::new(),
            writers: 0,
            most_writers,
            tasks: JoinSet::new(),
        }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no task writes.
    pub(super) async fn end(&self) {
        loop {
            let mut tasks = std::mem::take(&mut self.state().tasks);
            // One that panicked may have left another behind.
            if tasks.is_empty() {
                return;
            }
            while tasks.join_next().await.is_some() {}
        }
    }
}

impl State {
    /// The next group: the first that waits, and who else fits in. An agent's second report is for another one, as
    /// the first decides which of its records are new.
    pub(super) fn take(&mut self) -> Vec<Item> {
        let mut agents: HashSet<Uuid> = HashSet::new();
        let mut records = 0;
        let mut group = Vec::new();
        let mut left = VecDeque::new();
        while group.len() < REPORTS
            && let Some(item) = self.waiting.pop_front()
        {
            let more = item.arrival.report.records.len();
            if !group.is_empty() && records + more > RECORDS {
                left.push_back(item);
                break;
            }
            if agents.insert(item.arrival.report.agent.id) {
                records += more;
                group.push(item);
            } else {
                left.push_back(item);
            }
        }
        left.append(&mut self.waiting);
        self.waiting = left;
        group
    }
}

/// Leaves room for another task, also when this one panics; and then starts it, for those that wait.
pub(super) struct Leave<'a>(pub(super) Option<&'a Store>);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let Some(store) = self.0 else { return };
        let mut state = store.groups.state();
        state.writers -= 1;
        // Not when the runtime drops it at its end: then nobody waits any more.
        if std::thread::panicking() && !state.waiting.is_empty() {
            store.start_writer(&mut state);
        }
    }
}

impl Store {
    /// Applies the records that are new and remembers the last one's number, all in one transaction, which other
    /// reports may share.
    ///
    /// What fails because of what other collectors did at the same time is tried again: the repeat finds what has
    /// become of it.
    pub async fn apply(&self, arrival: Arrival) -> Result<Applied, Rejected> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.groups.state();
            state.waiting.push_back(Item { arrival, answer });
            self.start_writer(&mut state);
        }
        // Without an answer the task has panicked.
        answered
            .await
            .unwrap_or_else(|_| Err(Arc::new(StoreError::Gone).into()))
    }

    /// Starts a task that writes, unless as many do as may.
    pub(super) fn start_writer(&self, state: &mut State) {
        if state.writers >= state.most_writers {
            return;
        }
        state.writers += 1;
        while state.tasks.try_join_next().is_some() {}
        // By itself: whoever sent a report may go before it is stored, and others wait for the same commit.
        let store = self.clone();
        match &*self.database {
            // On a thread of its own: among the tasks that read requests it would wait for its turn after each
            // statement, and SQLite with it.
            Both::Sqlite(_) => {
                let runtime = Handle::current();
                state
                    .tasks
                    .spawn_blocking(move || runtime.block_on(store.write()));
            }
            Both::Postgres(_) => {
                state.tasks.spawn(async move { store.write().await });
            }
        }
    }

    /// Writes until nothing waits.
    async fn write(&self) {
        let mut leave = Leave(Some(self));
        loop {
            let group = {
                let mut state = self.groups.state();
                let group = state.take();
                if group.is_empty() {
                    // Under the lock: whoever comes next starts another task.
                    state.writers -= 1;
                    leave.0 = None;
                    return;
                }
                group
            };
            let group = self.admitted(group).await;
            fail_point("report_admitted");
            if group.is_empty() {
                continue;
            }
            match self.apply_group(&group).await {
                Ok(applied) => answer(group, applied.into_iter().map(Ok)),
                // One of them may be at fault, and only that one shall hear of it.
                Err(error) if group.len() > 1 && error.is_of_rows() => {
                    tracing::debug!(reports = group.len(), "storing reports one by one: {error}");
                    for item in group {
                        let applied = self.apply_group(std::slice::from_ref(&item)).await;
                        let applied = applied.map(|applied| applied.into_iter().next().unwrap_or_default());
                        answer([item], [applied.map_err(|error| logged(error).into())]);
                    }
                }
                Err(error) => {
                    let error = logged(error);
                    answer(group, std::iter::repeat_with(|| Err(Arc::clone(&error).into())));
                }
            }
        }
    }

    /// Those of the group that may be stored; the others have their answers.
    async fn admitted(&self, group: Vec<Item>) -> Vec<Item> {
        let (proven, mut admitted): (Vec<Item>, Vec<Item>) =
            group.into_iter().partition(|item| item.arrival.shown.is_some());
        let reports: Vec<_> = proven
            .iter()
            .filter_map(|Item { arrival, .. }| {
                Some((arrival.shown.as_ref()?, &arrival.report.agent, arrival.received))
            })
            .collect();
        if reports.is_empty() {
            return admitted;
        }
        match self.admit_all(&reports).await {
            Ok(answers) => {
                for (item, may) in proven.into_iter().zip(answers) {
                    match may {
                        Ok(()) => admitted.push(item),
                        Err(denied) => answer([item], [Err(denied.into())]),
                    }
                }
            }
            Err(error) => {
                let error = logged(error);
                answer(proven, std::iter::repeat_with(|| Err(Arc::clone(&error).into())));
            }
        }
        admitted
    }
}

/// Once, however many reports it is of.
fn logged(error: StoreError) -> Arc<StoreError> {
    tracing::error!("{error}");
    Arc::new(error)
}

fn answer(group: impl IntoIterator<Item = Item>, answers: impl IntoIterator<Item = Answer>) {
    for (item, answer) in group.into_iter().zip(answers) {
        // Whoever asked may be gone.
        let _ = item.answer.send(answer);
    }
}
