//! Questions whose answers take time: names from a directory server, hashes of files, names of containers.
//!
//! A desk remembers answers and asks for others in threads of its own, so that a server or a disk that hangs holds up
//! nobody but whoever waits for it. The threads start with the first question.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc};
use tracing::warn;

use super::Progress;
use crate::losses::{Loss, Losses};

/// A question that has been open for longer is not worth waiting for.
pub const PATIENCE: Duration = Duration::from_millis(500);
/// The same of what makes a caller another one.
pub const LONGEST_PATIENCE: Duration = Duration::from_secs(3);

/// How a desk with answers `A` works.
pub(super) struct Terms<A> {
    /// Name of its threads.
    pub name: &'static str,
    /// How many questions are looked into at one time.
    pub threads: usize,
    /// Questions without an answer, at most; a further one is not asked, and counted.
    pub open_max: usize,
    /// Answers remembered, at most; beyond, the oldest half is forgotten.
    pub known_max: usize,
    /// How long an answer is believed.
    pub valid: fn(&A) -> Duration,
    /// How long it is worth waiting for, at most [`LONGEST_PATIENCE`].
    pub patience: Duration,
}

/// What a desk says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer<A> {
    /// Here it is.
    Known(A),
    /// It is being looked into: ask again when [`Desk::take`] has taken in answers.
    Open,
    /// It has been looked into for so long that nobody should wait, or too many questions are open.
    Late,
}

impl<A> Answer<A> {
    /// Puts the answer, once it is known, into `place`.
    pub(super) fn fill(self, place: &mut A) -> Progress {
        match self {
            Self::Known(answer) => {
                *place = answer;
                Progress::Complete
            }
            Self::Open => Progress::Open,
            Self::Late => Progress::Late,
        }
    }
}

/// One way to find an answer; each thread has its own.
type Way<Q, A> = Box<dyn FnMut(&Q) -> A + Send>;

/// Answers `Q` with `A`.
pub(super) struct Desk<Q, A> {
    terms: Terms<A>,
    ways: Vec<Way<Q, A>>,
    known: HashMap<Q, (A, Instant)>,
    open: HashMap<Q, Instant>,
    questions: mpsc::Sender<Q>,
    waiting: Arc<Mutex<mpsc::Receiver<Q>>>,
    answers: mpsc::Receiver<(Q, A)>,
    answer: mpsc::Sender<(Q, A)>,
    bell: Arc<Notify>,
    losses: Arc<Losses>,
}

impl<Q: Clone + Eq + Hash + Send + 'static, A: Clone + Send + 'static> Desk<Q, A> {
    /// A desk whose threads look into questions by a `way` each, and ring `bell` when they have an answer.
    pub(super) fn new<W: FnMut(&Q) -> A + Send + 'static>(
        terms: Terms<A>,
        way: impl Fn() -> W,
        bell: Arc<Notify>,
        losses: Arc<Losses>,
    ) -> Self {
        let (questions, waiting) = mpsc::channel(terms.open_max);
        let (answer, answers) = mpsc::channel(terms.open_max);
        Self {
            ways: (0..terms.threads).map(|_| Box::new(way()) as _).collect(),
            terms,
            known: HashMap::new(),
            open: HashMap::new(),
            questions,
            waiting: Arc::new(Mutex::new(waiting)),
            answers,
            answer,
            bell,
            losses,
        }
    }

    /// The answer, if it is known; else the question is asked, unless it is already.
    pub(super) fn ask(&mut self, question: &Q, now: Instant) -> Answer<A> {
        if let Some((answer, since)) = self.known.get(question)
            && now.saturating_duration_since(*since) < (self.terms.valid)(answer)
        {
            return Answer::Known(answer.clone());
        }
        if let Some(asked) = self.open.get(question) {
            let is_late = now.saturating_duration_since(*asked) >= self.terms.patience;
            return if is_late { Answer::Late } else { Answer::Open };
        }
        self.start();
        if self.questions.try_send(question.clone()).is_err() {
            self.losses.add(Loss::LookupQueueFull, 1);
            return Answer::Late;
        }
        self.open.insert(question.clone(), now);
        Answer::Open
    }

    /// Takes in what was found out; whether that was anything.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Ok((question, answer)) = self.answers.try_recv() {
            self.open.remove(&question);
            self.make_room();
            self.known.insert(question, (answer, now));
            any = true;
        }
        any
    }

    fn make_room(&mut self) {
        if self.known.len() < self.terms.known_max {
            return;
        }
        let mut times: Vec<Instant> = self.known.values().map(|(_, since)| *since).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.known.retain(|_, (_, since)| *since > median);
    }

    fn start(&mut self) {
        for mut way in self.ways.drain(..) {
            let (waiting, answer, bell) = (self.waiting.clone(), self.answer.clone(), self.bell.clone());
            let work = move || {
                loop {
                    // Held while waiting: the threads take turns.
                    let next = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .blocking_recv();
                    let Some(question) = next else { break };
                    let found = way(&question);
                    if answer.blocking_send((question, found)).is_err() {
                        break;
                    }
                    bell.notify_one();
                }
            };
            // Not joined: one that hangs must not hold up the agent's end.
            if let Err(error) = thread::Builder::new()
                .name(self.terms.name.to_owned())
                .spawn(work)
            {
                warn!("cannot start the thread {}: {error}", self.terms.name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
