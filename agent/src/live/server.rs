//! The socket: whoever connects is told everything once a second.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::debug;
use umbra_report::Agent;

use super::table::Live;
use super::verdicts::Asked;
use super::word::{Answered, Delivery, Word};
use crate::losses::Losses;
use crate::report::Stats;
use crate::spool::Level;

/// How often whoever looks is told.
const EVERY: Duration = Duration::from_secs(1);
/// How many may look at one time; a further one waits.
const PLACES: usize = 4;
/// Whoever does not read for so long is let go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nobody can be told.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}: {source}; `umbra-agent top` will not find this agent: see that the folder is writable", path.display())]
pub struct LiveError {
    /// The socket.
    path: PathBuf,
    /// What went wrong.
    source: io::Error,
}

/// What is told.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Who reports.
    pub agent: Agent,
    /// When the agent started.
    pub started: Timestamp,
    /// Who used what.
    pub live: Live,
    /// What the policy says of them.
    pub asked: Asked,
    /// What was lost.
    pub losses: Arc<Losses>,
    /// How it goes with the collector.
    pub stats: Arc<Stats>,
    /// How full the spool is.
    pub level: watch::Receiver<Level>,
}

/// Listens; the socket is removed when this is dropped.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Listens at `path`, in place of a socket that an agent before this one left. Take the host's lock before.
    pub fn bind(path: &Path) -> Result<Self, LiveError> {
        let refused = |source| LiveError {
            path: path.to_owned(),
            source,
        };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error)),
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(refused)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(refused)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Tells whoever connects, until dropped.
    pub async fn serve(self, sources: Sources) {
        let places = Arc::new(Semaphore::new(PLACES));
        loop {
            let place = places.clone().acquire_owned().await;
            match self.listener.accept().await {
                Ok((stream, _)) if may_look(&stream) => {
                    let sources = sources.clone();
                    tokio::spawn(async move {
                        // Whoever looks has gone: that is how it ends.
                        let _ = tell(stream, &sources).await;
                        drop(place);
                    });
                }
                Ok(_) => debug!("somebody who is not root asked what happens on this host"),
                Err(error) => {
                    // Out of file descriptors, say: at once again would be a busy loop.
                    debug!("cannot accept whoever looks: {error}");
                    sleep(EVERY).await;
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already: the next agent's start removes it, too.
        let _ = fs::remove_file(&self.path);
    }
}

/// Root, or whom the agent runs as: the socket's mode is set after it is there.
fn may_look(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == 0 || peer.uid() == own)
}

async fn tell(mut stream: UnixStream, sources: &Sources) -> io::Result<()> {
    let _looker = sources.asked.look();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut line = serde_json::to_vec(&sources.word())?;
        line.push(b'\n');
        timeout(PATIENCE, stream.write_all(&line)).await??;
    }
}

impl Sources {
    fn word(&self) -> Word {
        let (mut used, forgotten) = self.live.look();
        let (policy, no_verdicts) = self.asked.judge(&mut used);
        let level = *self.level.borrow();
        let [acknowledged, failed, refused] = self.stats.reports().map(|(_, count)| count);
        let last = self.stats.last_acknowledged();
        Word {
            time: Timestamp::now(),
            version: self.agent.version.clone(),
            host: self.agent.host.clone(),
            started: self.started,
            used,
            forgotten,
            losses: self.losses.for_report(),
            delivery: Delivery {
                waiting: level.records,
                bytes: level.bytes,
                reports: Answered {
                    acknowledged,
                    failed,
                    refused,
                },
                last_acknowledged: (last > 0).then(|| Timestamp::from_second(last).ok()).flatten(),
                last_trouble: self.stats.last_trouble(),
            },
            policy,
            no_verdicts,
        }
    }
}
