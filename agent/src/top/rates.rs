//! Bytes a second, from two words of the agent.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::live::Word;

/// What was sent until when, by row, and what that comes to a second.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// When the last word was said, by an agent that started then.
    last: Option<(Timestamp, Timestamp)>,
    sent: HashMap<u64, u64>,
    by_row: HashMap<u64, u64>,
}

impl Rates {
    /// Takes the next word.
    pub(super) fn take(&mut self, word: &Word) {
        let seconds = self
            .last
            // Another agent counts from nothing.
            .filter(|(_, started)| *started == word.started)
            .map(|(time, _)| word.time.duration_since(time).as_secs_f64())
            .filter(|seconds| *seconds > 0.0);
        self.by_row = word
            .used
            .iter()
            .filter_map(|used| {
                let new = used.bytes_out.checked_sub(*self.sent.get(&used.id)?)?;
                Some((used.id, a_second(new, seconds?)))
            })
            .collect();
        self.sent = word.used.iter().map(|used| (used.id, used.bytes_out)).collect();
        self.last = Some((word.time, word.started));
    }

    /// Bytes a second that the row sent lately.
    pub(super) fn of(&self, id: u64) -> u64 {
        self.by_row.get(&id).copied().unwrap_or_default()
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for the eye"
)]
fn a_second(bytes: u64, seconds: f64) -> u64 {
    (bytes as f64 / seconds).round() as u64
}
