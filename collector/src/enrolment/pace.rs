use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody is sent away for longer.
const LONGEST: Duration = Duration::from_mins(15);

/// Lets so many requests a second through, and tells the others when to come back: each a little later than the one
/// before, so that a fleet that starts at one moment comes in one after the other.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Time for each.
    each: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Requests that may come at once; fills up as time goes.
    room: f64,
    /// Since when `room` is right.
    at: Instant,
    /// Until when turns were promised to those that were sent away.
    promised: Instant,
}

impl Pace {
    /// `per_second` requests a second, and as many at once.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = per_second.max(1);
        Self {
            each: Duration::from_secs(1) / per_second,
            state: Mutex::new(State {
                room: f64::from(per_second),
                at: now,
                promised: now,
            }),
        }
    }

    /// Takes a turn, or says how long to wait for one: at least a second.
    pub(crate) fn turn(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let most = 1.0 / self.each.as_secs_f64();
        let passed = now.saturating_duration_since(state.at);
        state.room = (state.room + passed.as_secs_f64() * most).min(most);
        state.at = now;
        if state.room >= 1.0 {
            state.room -= 1.0;
            return Ok(());
        }
        // Those who were promised a turn will take the room of that time.
        state.promised = (state.promised.max(now) + self.each).min(now + LONGEST);
        let wait = state.promised.saturating_duration_since(now);
        Err(Duration::from_secs(wait.as_secs() + 1))
    }
}

#[cfg(test)]
mod tests;
