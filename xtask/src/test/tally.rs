//! Counting what test programs say, while a person reads it.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// What test programs have said so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
    /// What is printed before each line.
    label: String,
}

/// The figures.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Why tests were skipped, one entry each.
    pub(super) skipped: Vec<String>,
    /// Where and why threads panicked, an entry each: a long log is often read by its end only.
    pub(super) panics: Vec<String>,
    /// Lines that still belong to the last panic.
    open: usize,
}

/// Panics that are kept; tests that want one are rare, and the first tell most.
const PANICS: usize = 20;
/// Lines of a message that are kept, and of a line the first so many characters.
const MESSAGE: (usize, usize) = (4, 400);

impl Tally {
    /// One whose lines are told from another's.
    pub(super) fn labelled(label: &str) -> Self {
        Self {
            label: format!("{label} | "),
            ..Self::default()
        }
    }

    /// Runs a command that must succeed.
    pub(crate) fn expect_success(&self, command: &mut Command) -> Result<()> {
        let line = shell::line(command);
        eprintln!("$ {line}");
        let status = self
            .follow(command)
            .with_context(|| format!("cannot start `{line}`"))?;
        if !status.success() {
            bail!("`{line}` failed ({status})");
        }
        Ok(())
    }

    /// Runs a command, passing on and counting each line of its output.
    pub(crate) fn follow(&self, command: &mut Command) -> io::Result<ExitStatus> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            scope.spawn(|| self.read(stdout));
            scope.spawn(|| self.read(stderr));
        });
        child.wait()
    }

    /// The figures.
    pub(super) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read(&self, stream: Option<impl Read>) {
        let Some(stream) = stream else { return };
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            // Nobody reads our output any more: the tests go on all the same.
            let _ = writeln!(io::stdout(), "{}{line}", self.label);
            self.counts
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .count(line.trim());
        }
    }
}

impl Counts {
    /// Understands a line of libtest's or of a test's own.
    pub(super) fn count(&mut self, line: &str) {
        self.count_panic(line);
        if let Some((_, why)) = line.split_once("skipped: ") {
            self.skipped.push(why.to_owned());
        } else if let Some(name) = line
            .strip_prefix("test ")
            .filter(|_| line.contains(" ... ignored"))
        {
            self.skipped.push(name.replace(" ... ignored", ""));
        } else if let Some((_, figures)) = line.split_once("test result: ") {
            self.passed += figure(figures, "passed");
            self.failed += figure(figures, "failed");
        }
    }
}

impl Counts {
    fn count_panic(&mut self, line: &str) {
        let shown = || line.chars().take(MESSAGE.1).collect::<String>();
        if line.contains("' panicked at ") || line.contains(") panicked at ") {
            self.open = 0;
            if self.panics.len() < PANICS {
                self.panics.push(shown());
                self.open = MESSAGE.0;
            }
        } else if line.is_empty() || line.starts_with("stack backtrace:") || line.starts_with("note: ") {
            self.open = 0;
        } else if let Some(panic) = self.panics.last_mut().filter(|_| self.open > 0) {
            self.open -= 1;
            panic.push_str("\n  ");
            panic.push_str(&shown());
        }
    }
}

/// The number before `word` in `ok. 2 passed; 0 failed; 1 ignored; …`.
fn figure(figures: &str, word: &str) -> u64 {
    let words: Vec<_> = figures.split([' ', ';']).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}
