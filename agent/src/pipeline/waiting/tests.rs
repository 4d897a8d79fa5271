use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::flows::made_up::flow;

fn change(id: &str, step: Step, new_out: u64) -> Change {
    Change {
        flow: Arc::new(flow(id)),
        step,
        time: Timestamp::UNIX_EPOCH,
        new_out,
        new_in: 1,
        bytes_out: new_out,
        bytes_in: 1,
    }
}

fn told(changes: &[Change]) -> Vec<(&str, Step, u64, u64)> {
    changes
        .iter()
        .map(|change| {
            (
                change.flow.id.as_str(),
                change.step,
                change.new_out,
                change.new_in,
            )
        })
        .collect()
}

#[test]
fn a_flow_that_waits_is_told_in_order_and_to_the_byte() {
    let (mut waiting, now) = (Waiting::default(), Instant::now());
    waiting.begin("a", now);
    for (step, new_out) in [
        (Step::Opened, 0),
        (Step::Moved, 10),
        (Step::Moved, 20),
        (Step::Closed, 5),
    ] {
        assert!(waiting.hold(change("a", step, new_out)).is_none());
    }
    assert!(
        waiting.hold(change("b", Step::Opened, 0)).is_some(),
        "waits for nothing"
    );
    assert!(waiting.release(now, |_| false).is_empty());
    let released = waiting.release(now, |id| id == "a");
    // What it moved meanwhile is one change.
    assert_eq!(
        told(&released),
        [("a", Step::Opened, 0, 1), ("a", Step::Closed, 35, 3)]
    );
    assert!(waiting.is_empty());
    assert!(
        waiting.hold(change("a", Step::Moved, 1)).is_some(),
        "waits no more"
    );
}

#[test]
fn a_wait_is_looked_at_after_half_a_second_and_ends_after_three() {
    let (mut waiting, now) = (Waiting::default(), Instant::now());
    waiting.begin("a", now);
    waiting.begin("b", now + PATIENCE / 2);
    for id in ["a", "b"] {
        assert!(waiting.hold(change(id, Step::Opened, 0)).is_none());
    }
    assert_eq!(waiting.next_deadline(), now + PATIENCE);
    assert!(waiting.release(now + PATIENCE, |_| false).is_empty());
    assert_eq!(waiting.next_deadline(), now + PATIENCE + PATIENCE / 2);
    let released = waiting.release(now + 2 * PATIENCE, |id| id == "b");
    assert_eq!(told(&released), [("b", Step::Opened, 0, 1)]);
    assert_eq!(waiting.next_deadline(), now + LONGEST_PATIENCE);
    let released = waiting.release(now + LONGEST_PATIENCE, |_| false);
    assert_eq!(told(&released), [("a", Step::Opened, 0, 1)]);
    assert!(waiting.is_empty());
}

#[test]
fn those_that_wait_are_bounded() {
    let (mut waiting, now) = (Waiting::default(), Instant::now());
    for id in 0..=FLOWS_MAX {
        waiting.begin(&id.to_string(), now);
    }
    let last = FLOWS_MAX.to_string();
    assert!(waiting.hold(change(&last, Step::Opened, 0)).is_some());
    assert_eq!(waiting.flows.len(), FLOWS_MAX);
}
