//! A program beside us that does not outlive us.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{self, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::interrupt;
use crate::shell;

/// How long it may take to end after Ctrl-C.
const GRACE: Duration = Duration::from_secs(20);

/// A running child.
pub(super) struct Child {
    process: process::Child,
    /// Its command line.
    what: String,
    lines: Receiver<Line>,
}

/// A line that a child printed.
pub(super) struct Line {
    pub(super) text: String,
    /// When it came.
    pub(super) at: Instant,
}

/// A command that the kernel kills when we end, however we end.
pub(super) fn bound(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

impl Child {
    /// Starts it.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let what = shell::line(command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start `{what}`"))?;
        let (sender, lines) = mpsc::channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            thread::spawn(move || forward(stream, &sender));
        }
        Ok(Self {
            process: child,
            what,
            lines,
        })
    }

    /// Its process id, which is also that of the program: neither `setpriv` nor `ip netns exec` forks.
    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits for a line that contains a text.
    pub(super) fn wait_for(&mut self, text: &str, limit: Duration) -> Result<Line> {
        let end = Instant::now() + limit;
        let mut said = String::new();
        loop {
            interrupt::check()?;
            match self.lines.recv_timeout(Duration::from_millis(100)) {
                Ok(line) if line.text.contains(text) => return Ok(line),
                Ok(line) => said = said + "\n" + &line.text,
                Err(RecvTimeoutError::Timeout) if Instant::now() < end => {}
                Err(RecvTimeoutError::Timeout) => {
                    bail!("`{}` did not say `{text}` in {limit:?} but:{said}", self.what)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("`{}` ended before it said `{text}`; it said:{said}", self.what)
                }
            }
        }
    }

    /// Ends it as Ctrl-C does, which must be a success.
    pub(super) fn stop(mut self) -> Result<()> {
        // A child that has gone is still ours to wait for: its pid cannot be another's.
        let _ = kill_process(Pid::from_child(&self.process), Signal::INT);
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            if let Some(status) = self.process.try_wait()? {
                let said: Vec<_> = self.lines.try_iter().map(|line| line.text).collect();
                ensure!(
                    status.success(),
                    "`{}` failed ({status}):\n{}",
                    self.what,
                    said.join("\n")
                );
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("`{}` did not end in {} s", self.what, GRACE.as_secs())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn forward(stream: impl Read, sender: &Sender<Line>) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = Line {
            text: String::from_utf8_lossy(&line).into_owned(),
            at: Instant::now(),
        };
        // Once nobody listens, the child must still not be blocked.
        let _ = sender.send(line);
    }
}
