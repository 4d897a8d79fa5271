//! Runtimes that hung are left alone for a while.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// So long.
pub(super) const REST: Duration = Duration::from_secs(10);
/// Sockets remembered: each user may have some.
const RESTING_MAX: usize = 256;

/// Remembers who hung, by socket.
#[derive(Debug, Default)]
pub(super) struct Breaker(HashMap<String, Instant>);

impl Breaker {
    /// Whether `socket` may be asked.
    pub(super) fn allows(&mut self, socket: &str, now: Instant) -> bool {
        self.0
            .retain(|_, since| now.saturating_duration_since(*since) < REST);
        // When as many hang, all may be about to.
        !self.0.contains_key(socket) && self.0.len() < RESTING_MAX
    }

    /// Notes that `socket` did not answer in time.
    pub(super) fn trip(&mut self, socket: &str, now: Instant) {
        self.0.insert(socket.to_owned(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hung_rests_alone() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(breaker.allows("a", now));
        breaker.trip("a", now);
        assert!(!breaker.allows("a", now + REST / 2));
        assert!(breaker.allows("b", now + REST / 2));
        assert!(breaker.allows("a", now + REST));
    }

    #[test]
    fn memory_is_bounded() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for socket in 0..10 * RESTING_MAX {
            if breaker.allows(&socket.to_string(), now) {
                breaker.trip(&socket.to_string(), now);
            }
        }
        assert_eq!(breaker.0.len(), RESTING_MAX);
        assert!(breaker.allows("one more", now + REST));
    }
}
