//! Child processes that never outlive their test, and are ended by their own pid only.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::poll;

/// How long the last lines of a child that has ended are waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A running child, with the lines that it prints.
#[derive(Debug)]
pub struct Process {
    child: Child,
    what: String,
    /// Lines of stdout.
    pub stdout: Lines,
    /// Lines of stderr.
    pub stderr: Lines,
}

/// A command that the kernel kills when the thread that started it ends, however it ends.
pub fn bound(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

impl Process {
    /// Starts a command; its stdin is empty unless the caller set it.
    pub fn start(command: &mut Command) -> Self {
        let what = format!("{command:?}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        Self {
            stdout: Lines::of(child.stdout.take().expect("a pipe was asked for")),
            stderr: Lines::of(child.stderr.take().expect("a pipe was asked for")),
            child,
            what,
        }
    }

    /// Its process id, which is also that of the program: neither `setpriv` nor `ip netns exec` forks.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The end of the pipe that it reads, if it was given one.
    pub fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("a pipe was asked for")
    }

    /// Ends it as Ctrl-C does, and gives its status.
    pub fn interrupt(&mut self) -> ExitStatus {
        // A child that has gone is still ours to wait for: its pid cannot be another's.
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
        self.wait(Duration::from_secs(10))
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own child");
        self.wait(Duration::from_secs(10));
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        match poll(limit, || self.ended()) {
            Some(status) => {
                // What it said last may still be in the pipe; others may hold the pipe open for longer.
                let _ = poll(LAST_WORDS, || {
                    (self.stdout.is_over() && self.stderr.is_over()).then_some(())
                });
                status
            }
            None => panic!("{} does not end; it said:\n{}", self.what, self.stderr.text()),
        }
    }

    /// Waits for its end, which must be a success.
    pub fn succeed(&mut self, limit: Duration) {
        let status = self.wait(limit);
        assert!(
            status.success(),
            "{}: {status}\n{}",
            self.what,
            self.stderr.text()
        );
    }

    /// Its status, when it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child")
    }

    /// Waits for a line of stdout or stderr that contains a text.
    pub fn said(&mut self, text: &str, limit: Duration) -> String {
        let heard = poll(limit, || {
            let line = self.stderr.find(text).or_else(|| self.stdout.find(text));
            line.map(Ok)
                .or_else(|| self.ended().map(|status| Err(status.to_string())))
        });
        match heard {
            Some(Ok(line)) => line,
            Some(Err(status)) => {
                panic!("{} ended ({status}) and said:\n{}", self.what, self.stderr.text())
            }
            None => panic!("{} never said `{text}` but:\n{}", self.what, self.stderr.text()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let said = self.stderr.text();
        if thread::panicking() && !said.is_empty() {
            eprintln!("{} said:\n{said}", self.what);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines that a child prints, as they come.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>, Arc<AtomicBool>);

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let sink = lines.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                sink.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            sink.1.store(true, Ordering::Release);
        });
        lines
    }

    /// Whether nothing more will come.
    fn is_over(&self) -> bool {
        self.1.load(Ordering::Acquire)
    }

    /// All lines until now.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All lines until now, as one text.
    pub fn text(&self) -> String {
        self.all().join("\n")
    }

    fn find(&self, text: &str) -> Option<String> {
        self.all().into_iter().find(|line| line.contains(text))
    }
}
