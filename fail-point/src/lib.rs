//! Places at which a test kills the program, as `kill -9` does it.
//!
//! `UMBRA_FAIL_POINT=NAME` kills the process when it comes to that place, `NAME:3` when it comes there for the third
//! time. Only builds with debug assertions look: in agent and collector as they are released a place is nothing.
//!
//! An own crate of one function, not `fail` (tikv): that one brings a language of actions, a registry and two
//! dependencies, and had its last release in 2022; nothing here needs more than an end.
#![forbid(unsafe_code)]

/// A place called `name`.
#[inline]
pub fn fail_point(name: &str) {
    #[cfg(debug_assertions)]
    armed::pass(name);
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
mod armed {
    use std::env;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use rustix::process::{Signal, getpid, kill_process};

    /// Where to die, and how often to live on.
    static ARMED: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
        let text = env::var("UMBRA_FAIL_POINT").ok()?;
        let (name, turn) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), AtomicU32::new(turn.parse().ok()?)))
    });

    pub(super) fn pass(name: &str) {
        let Some((armed, turns)) = &*ARMED else { return };
        if armed == name && turns.fetch_sub(1, Relaxed) == 1 {
            // Not an abort: nothing of this process may run on, no handler and no destructor.
            let _ = kill_process(getpid(), Signal::KILL);
            loop {
                std::thread::park();
            }
        }
    }
}
