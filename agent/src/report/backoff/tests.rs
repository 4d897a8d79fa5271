use super::*;

#[test]
fn waits_are_spread_and_bounded_and_begin_anew() {
    let mut backoff = Backoff::default();
    assert!((0..100).all(|_| {
        backoff.reset();
        backoff.next() <= BASE
    }));
    let waits: Vec<_> = (0..1_000).map(|_| backoff.next()).collect();
    assert!(waits.iter().all(|wait| *wait <= CAP));
    assert!(waits.iter().any(|wait| *wait > CAP / 2) && waits.iter().any(|wait| *wait < CAP / 2));
    backoff.reset();
    assert!(backoff.next() <= BASE);
}
