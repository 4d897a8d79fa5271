//! Waiting for what must become true.

use std::thread;
use std::time::{Duration, Instant};

use crate::machine::patience;

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience(limit);
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > end {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// Waits until a check passes; when it never does, panics with what it said last.
pub fn eventually<T>(limit: Duration, mut check: impl FnMut() -> Result<T, String>) -> T {
    let mut last = String::new();
    poll(limit, || check().map_err(|why| last = why).ok())
        .unwrap_or_else(|| panic!("not within {:?}: {last}", patience(limit)))
}
