//! Log lines that whoever reaches the collector can cause: one a minute for each reason, so that nobody fills the log.
//!
//! A line says how many of its reason were left out before it. Nothing is lost by that: the metrics count each.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one line of a reason stands for all of them.
const PAUSE: Duration = Duration::from_mins(1);

/// Characters of a sentence that are said: it may hold what a stranger sent.
const LONGEST: usize = 400;

static PACES: Paces = Paces(Mutex::new(BTreeMap::new()));

/// What was not done, and why in a word. Both are the program's own, so there are only a few.
type Key = (&'static str, &'static str);

/// Warns that `what` happened, in words, unless that was said for this `reason` a moment ago.
pub(crate) fn warn(what: &'static str, reason: &'static str, sentence: &str) {
    if let Some(left_out) = PACES.turn((what, reason), Instant::now()) {
        tracing::warn!("{}", line(what, sentence, left_out));
    }
}

/// When each was said last, and how many were not since.
struct Paces(Mutex<BTreeMap<Key, (Instant, u64)>>);

impl Paces {
    /// Whether it is time to say it: then how many were left out since the last time.
    fn turn(&self, key: Key, now: Instant) -> Option<u64> {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((said, left_out)) = paces.get_mut(&key) else {
            paces.insert(key, (now, 0));
            return Some(0);
        };
        if now.saturating_duration_since(*said) < PAUSE {
            *left_out += 1;
            return None;
        }
        *said = now;
        Some(std::mem::take(left_out))
    }
}

/// One line, whatever the sentence holds.
fn line(what: &str, sentence: &str, left_out: u64) -> String {
    let mut line = format!("{what}: ");
    let mut letters = sentence.chars();
    line.extend(
        letters
            .by_ref()
            .take(LONGEST)
            .map(|letter| if letter.is_control() { ' ' } else { letter }),
    );
    if letters.next().is_some() {
        line.push('…');
    }
    if left_out > 0 {
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            " (and {left_out} more for this reason since the last such line)"
        );
    }
    line
}

#[cfg(test)]
mod tests;
