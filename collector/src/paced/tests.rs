use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::{Paces, line};

#[test]
fn a_reason_is_said_once_a_minute_with_the_number_left_out() {
    let paces = Paces(Mutex::default());
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let slow = ("refused a report", "slow");
    assert_eq!(paces.turn(slow, start), Some(0));
    for late in 1..60 {
        assert_eq!(paces.turn(slow, start + late * second), None);
    }
    // Another reason, or another request, has its own line.
    assert_eq!(
        paces.turn(("refused a report", "malformed"), start + second),
        Some(0)
    );
    assert_eq!(
        paces.turn(("refused to enrol an agent", "slow"), start + second),
        Some(0)
    );
    assert_eq!(paces.turn(slow, start + 60 * second), Some(59));
    assert_eq!(paces.turn(slow, start + 61 * second), None);
    assert_eq!(paces.turn(slow, start + 120 * second), Some(1));
}

#[test]
fn what_a_stranger_sent_stays_in_one_line_of_some_length() {
    assert_eq!(
        line("refused a report", "unknown field `a\n2026 INFO`", 0),
        "refused a report: unknown field `a 2026 INFO`"
    );
    let long = line("refused a report", &"ä".repeat(100_000), 7);
    assert!(long.starts_with("refused a report: ää") && long.contains("ä… (and 7 more"));
    assert!(long.chars().count() < 500, "{}", long.chars().count());
}
