use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};
use umbra_report::Observation;
use uuid::Uuid;

use super::{Batch, Spool, SpoolError};
use crate::config;
use crate::losses::Losses;

/// Jobs that may wait for the thread; a push is one rollup's worth of observations.
const QUEUE: usize = 4;

/// How full the spool is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Records on disk.
    pub records: u64,
    /// Bytes that count against the cap.
    pub bytes: u64,
    /// Observations that wait in memory for the disk.
    pub waiting: usize,
    /// Highest number given out.
    pub last_assigned: u64,
}

/// Reaches the [`Spool`], which runs in a thread of its own: a disk may take seconds for a commit.
///
/// The thread ends, and closes the file, when all handles are dropped.
#[derive(Clone)]
pub struct SpoolHandle {
    jobs: mpsc::Sender<Job>,
    level: watch::Receiver<Level>,
}

/// A place in the queue for one push.
pub struct PushPermit<'a>(mpsc::Permit<'a, Job>);

type Job = Box<dyn FnOnce(&mut Spool, &watch::Sender<Level>) + Send>;

impl SpoolHandle {
    /// Opens the spool ([`Spool::open`]) and starts its thread.
    pub fn start(config: &config::Spool, losses: Arc<Losses>) -> Result<Self, SpoolError> {
        let mut spool = Spool::open(config, losses)?;
        let (jobs, mut received) = mpsc::channel::<Job>(QUEUE);
        let (tell_level, level) = watch::channel(spool.level());
        let work = move || {
            while let Some(job) = received.blocking_recv() {
                job(&mut spool, &tell_level);
            }
        };
        thread::Builder::new()
            .name("umbra-spool".to_owned())
            .spawn(work)
            .map_err(SpoolError::Thread)?;
        Ok(Self { jobs, level })
    }

    /// How full the spool is; [`watch::Receiver::changed`] tells when that changes.
    pub fn level(&self) -> watch::Receiver<Level> {
        self.level.clone()
    }

    /// A place for a push, once there is one; `None` when the thread is gone.
    pub async fn reserve(&self) -> Option<PushPermit<'_>> {
        self.jobs.reserve().await.ok().map(PushPermit)
    }

    /// Returns when everything pushed before is on disk, or waits in memory because it cannot be.
    pub async fn flush(&self) {
        self.ask(Spool::flush).await;
    }

    /// [`Spool::batch`]
    pub async fn batch(&self, records: usize, bytes: usize) -> Option<Batch> {
        self.ask(move |spool| spool.batch(records, bytes)).await.flatten()
    }

    /// [`Spool::acknowledge`]
    pub async fn acknowledge(&self, epoch: Uuid, sequence: u64) -> bool {
        self.ask(move |spool| spool.acknowledge(epoch, sequence))
            .await
            .unwrap_or(false)
    }

    /// [`Spool::refuse`]
    pub async fn refuse(&self, batch: Batch, status: u16, answer: String) -> bool {
        self.ask(move |spool| spool.refuse(batch.epoch, &batch.records, status, &answer))
            .await
            .unwrap_or(false)
    }

    /// [`Spool::renumber`]
    pub async fn renumber(&self, epoch: Uuid) -> bool {
        self.ask(move |spool| spool.renumber(epoch))
            .await
            .unwrap_or(false)
    }

    /// `None` when the thread is gone.
    async fn ask<T: Send + 'static>(&self, act: impl FnOnce(&mut Spool) -> T + Send + 'static) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |spool, tell_level| {
            let done = act(spool);
            // Before the answer: whoever has the answer also sees the level.
            tell(tell_level, spool);
            // Nobody may want the answer any more.
            let _ = answer.send(done);
        });
        self.jobs.send(job).await.ok()?;
        answered.await.ok()
    }
}

impl PushPermit<'_> {
    /// Hands observations over; the thread writes them.
    pub fn push(self, observations: Vec<Observation>) {
        self.0.send(Box::new(move |spool, tell_level| {
            spool.push(observations);
            tell(tell_level, spool);
        }));
    }
}

fn tell(tell_level: &watch::Sender<Level>, spool: &Spool) {
    let now = spool.level();
    tell_level.send_if_modified(|level| std::mem::replace(level, now) != now);
}
