//! What the agent says, read in a thread of its own: the newest word alone is kept.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::time::Duration;

use super::TopError;
use super::model::Model;
use crate::live::Word;

/// The longest word: all rows with all their names.
const LONGEST: u64 = 32 << 20;
/// An agent says something once a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Words, one a second, that may come until the collector has said verdicts.
const VERDICTS: usize = 3;
/// How often it is tried to reach an agent that is gone.
const AGAIN: Duration = Duration::from_secs(1);

/// What comes of the agent.
enum News {
    Word(Box<Word>),
    Gone(String),
}

/// The agent's words, one after the other, also those of the agent after it.
pub(super) struct Feed {
    news: Receiver<News>,
    path: PathBuf,
}

impl Feed {
    /// Connects to the agent that listens at `path`.
    pub(super) fn open(path: &Path) -> Result<Self, TopError> {
        let stream = connect(path)?;
        let (sender, news) = sync_channel(1);
        let from = path.to_owned();
        // It ends with the process, or when nobody listens any more.
        thread::spawn(move || read_for_ever(stream, &from, &sender));
        Ok(Self {
            news,
            path: path.to_owned(),
        })
    }

    /// The first word that has verdicts; the last of some when none comes with them.
    pub(super) fn first_with_verdicts(&mut self) -> Result<Word, TopError> {
        let mut word = self.next()?;
        for _ in 0..VERDICTS {
            if !word.awaits_verdicts() {
                break;
            }
            word = self.next()?;
        }
        Ok(word)
    }

    /// Waits for the next word.
    fn next(&mut self) -> Result<Word, TopError> {
        let unreadable = |source| TopError::Unreadable {
            path: self.path.clone(),
            source,
        };
        match self.news.recv_timeout(PATIENCE) {
            Ok(News::Word(word)) => Ok(*word),
            Ok(News::Gone(reason)) => Err(unreadable(io::Error::other(reason))),
            Err(RecvTimeoutError::Timeout) => Err(unreadable(io::ErrorKind::TimedOut.into())),
            Err(RecvTimeoutError::Disconnected) => Err(unreadable(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Takes what has come; whether there was any.
    pub(super) fn take(&mut self, model: &mut Model) -> bool {
        let mut any = false;
        loop {
            match self.news.try_recv() {
                Ok(News::Word(word)) => model.hear(*word),
                Ok(News::Gone(reason)) => model.lose(reason),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return any,
            }
            any = true;
        }
    }
}

fn connect(path: &Path) -> Result<UnixStream, TopError> {
    UnixStream::connect(path).map_err(|source| match source.kind() {
        // A socket whose agent was killed refuses.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => TopError::NoAgent(path.to_owned()),
        io::ErrorKind::PermissionDenied => TopError::NotRoot,
        _ => TopError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

fn read_for_ever(mut stream: UnixStream, path: &Path, sender: &SyncSender<News>) {
    loop {
        let reason = match read(stream, sender) {
            Ok(()) => "it has stopped".to_owned(),
            Err(error) => error.to_string(),
        };
        if sender.send(News::Gone(reason)).is_err() {
            return;
        }
        stream = loop {
            thread::sleep(AGAIN);
            if let Ok(stream) = connect(path) {
                break stream;
            }
        };
    }
}

/// Reads until the agent ends, or nobody listens.
fn read(stream: UnixStream, sender: &SyncSender<News>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        (&mut lines).take(LONGEST).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let word = serde_json::from_slice(&line)?;
        if sender.send(News::Word(Box::new(word))).is_err() {
            return Ok(());
        }
    }
}
