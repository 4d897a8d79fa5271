//! Writes lines to stdout in a thread of its own, so that a reader that stops reading does not stop the agent.

use std::{
    io::{self, BufWriter, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use crate::losses::{Loss, Losses};

/// Lines that may wait for the reader.
const QUEUE: usize = 4_096;

/// Output cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// No thread could be started for it.
    #[error("cannot start the output's thread: {0}; the host has too many processes or too little memory")]
    Thread(#[source] io::Error),
}

/// Takes lines; what has been taken is written before it is dropped.
pub(super) struct Writer {
    lines: Option<SyncSender<String>>,
    losses: Arc<Losses>,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(sink: impl Write + Send + 'static, losses: Arc<Losses>) -> Result<Self, OutputError> {
        let (lines, received) = sync_channel(QUEUE);
        let closed = Arc::new(AtomicBool::new(false));
        let gone = closed.clone();
        let work = move || {
            // The reader is gone: there is nobody to tell.
            if copy(&received, BufWriter::new(sink)).is_err() {
                gone.store(true, Ordering::Relaxed);
            }
        };
        let thread = thread::Builder::new()
            .name("umbra-output".to_owned())
            .spawn(work)
            .map_err(OutputError::Thread)?;
        Ok(Self {
            lines: Some(lines),
            losses,
            closed,
            thread: Some(thread),
        })
    }

    /// Queues a line, without its end; one that finds no room is counted as lost.
    pub(super) fn write(&self, line: String) {
        if self
            .lines
            .as_ref()
            .is_none_or(|lines| lines.try_send(line).is_err())
        {
            self.losses.add(Loss::OutputQueueFull, 1);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.lines = None;
        // A reader that does not read would hold up the end for ever: then the process's end cuts the thread off.
        if let Some(thread) = self.thread.take()
            && wait(&thread)
        {
            let _ = thread.join();
        }
    }
}

/// Whether the thread ends within a second.
fn wait(thread: &JoinHandle<()>) -> bool {
    for _ in 0..100 {
        if thread.is_finished() {
            return true;
        }
        thread::sleep(std::time::Duration::from_millis(10));
    }
    false
}

/// Writes what comes, and flushes whenever nothing waits.
fn copy(lines: &Receiver<String>, mut sink: impl Write) -> io::Result<()> {
    let mut next = lines.recv().ok();
    while let Some(line) = next {
        sink.write_all(line.as_bytes())?;
        sink.write_all(b"\n")?;
        next = match lines.try_recv() {
            Ok(line) => Some(line),
            Err(TryRecvError::Empty) => {
                sink.flush()?;
                lines.recv().ok()
            }
            Err(TryRecvError::Disconnected) => None,
        };
    }
    sink.flush()
}
