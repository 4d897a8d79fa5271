//! A program that runs beside us.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::{root, shell};

/// How many lines are kept for the case that it dies.
const KEPT: usize = 20;

/// How long it may take to end after Ctrl-C.
const GRACE: Duration = Duration::from_secs(15);

/// What happens while services run.
pub(super) enum Event {
    /// A service printed a line.
    Line { service: &'static str, text: String },
    /// A person wants it all to end.
    Stop,
}

/// A running service.
pub(super) struct Service {
    pub(super) name: &'static str,
    child: Child,
    behind_sudo: bool,
    last: Arc<Mutex<VecDeque<String>>>,
}

impl Service {
    /// Starts it, in a process group of its own: Ctrl-C is for us, and we stop the services in the right order.
    pub(super) fn start(
        name: &'static str,
        mut command: Command,
        as_root: bool,
        events: &SyncSender<Event>,
    ) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{}`", shell::line(&command)))?;
        let last = Arc::default();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let (last, events) = (Arc::clone(&last), events.clone());
            thread::spawn(move || forward(name, stream, &last, &events));
        }
        Ok(Self {
            name,
            child,
            behind_sudo: as_root && !root::is_root(),
            last,
        })
    }

    /// Its exit status, once it has ended.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .with_context(|| format!("cannot ask after the {}", self.name))
    }

    /// The last lines that it printed.
    pub(super) fn last_lines(&self) -> String {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter()
            .map(|line| format!("  {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Ends it as Ctrl-C would, and the hard way if it does not listen.
    pub(super) fn stop(mut self) {
        if !matches!(self.ended(), Ok(None)) {
            return;
        }
        self.signal(Signal::INT);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !matches!(self.ended(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        eprintln!(
            "{} did not stop within {} s: killing it",
            self.name,
            GRACE.as_secs()
        );
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        if self.behind_sudo {
            // We may not signal root's processes, and sudo does not pass on what comes from its own session.
            let number = format!("-{}", signal.as_raw());
            let pid = below_sudo(self.child.id()).to_string();
            let _ = shell::answer(Command::new("sudo").args(["--non-interactive", "kill", &number, &pid]));
        } else if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended in this moment, which is what we want.
            let _ = kill_process(pid, signal);
        }
    }
}

/// The process that sudo started: below it, and below the copy of itself that sudo may put between.
fn below_sudo(mut pid: u32) -> u32 {
    let read = |path: String| fs::read_to_string(path).unwrap_or_default();
    while read(format!("/proc/{pid}/comm")).trim() == "sudo" {
        let children = read(format!("/proc/{pid}/task/{pid}/children"));
        match children
            .split_whitespace()
            .next()
            .and_then(|child| child.parse().ok())
        {
            Some(child) => pid = child,
            None => break,
        }
    }
    pid
}

fn forward(
    service: &'static str,
    stream: impl Read,
    last: &Mutex<VecDeque<String>>,
    events: &SyncSender<Event>,
) {
    // What is not UTF-8 ends the stream for us; the services print nothing else.
    for text in BufReader::new(stream).lines().map_while(Result::ok) {
        let mut kept = last.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(text.clone());
        if kept.len() > KEPT {
            kept.pop_front();
        }
        drop(kept);
        // At the end nobody reads the channel; the service must not be blocked by that.
        let _ = events.try_send(Event::Line { service, text });
    }
}
