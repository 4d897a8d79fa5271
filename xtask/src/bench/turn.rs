//! A host runs one agent: the bench waits until no test runs one, and keeps the tests waiting meanwhile.

use std::env;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::interrupt;

/// What the whole-system tests take turns by (`tests/src/agent.rs`), in the folder for temporary files.
const TESTS_LOCK: &str = "umbra-tests.lock";
/// The agent's own lock.
const HOST_LOCK: &str = "/run/umbra-agent.lock";
/// How long an agent that no test has started is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// The right to run an agent.
pub(super) struct Turn {
    // Unlocked when closed.
    _tests: File,
}

impl Turn {
    /// Waits for it.
    pub(super) fn take() -> Result<Self> {
        let path = env::temp_dir().join(TESTS_LOCK);
        // Another user's file in a sticky folder can be read, but not opened as one to create (`fs.protected_regular`).
        let tests = File::open(&path)
            .or_else(|_| File::create(&path))
            .with_context(|| format!("cannot open {}", path.display()))?;
        let mut said = false;
        while !try_lock(&tests, &path)? {
            if !said {
                eprintln!("bench: waiting for the whole-system tests that run on this host");
                said = true;
            }
            interrupt::sleep(Duration::from_millis(100))?;
        }
        let end = Instant::now() + PATIENCE;
        while agent_runs()? {
            if Instant::now() > end {
                bail!("another umbra-agent runs on this host: stop it, then measure");
            }
            interrupt::sleep(Duration::from_millis(100))?;
        }
        Ok(Self { _tests: tests })
    }
}

fn agent_runs() -> Result<bool> {
    // No file: none has run since the host was booted.
    File::open(HOST_LOCK).map_or(Ok(false), |lock| Ok(!try_lock(&lock, Path::new(HOST_LOCK))?))
}

fn try_lock(file: &File, path: &Path) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}
