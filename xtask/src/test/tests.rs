use super::steps::{Step, Steps};
use super::system::executable;
use super::tally::Counts;
use std::sync::Barrier;

fn counted(lines: &[&str]) -> Counts {
    let mut counts = Counts::default();
    for line in lines {
        counts.count(line);
    }
    counts
}

#[test]
fn results_are_added_up() {
    let counts = counted(&[
        "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    ]);
    assert_eq!((counts.passed, counts.failed), (15, 2));
}

#[test]
fn skips_are_kept_with_their_reason() {
    // With --nocapture a test's line may follow libtest's on the same line.
    let counts = counted(&[
        "test browser ... skipped: chromium is not installed",
        "test slow ... ignored, takes an hour",
    ]);
    assert_eq!(
        counts.skipped,
        ["chromium is not installed", "slow, takes an hour"]
    );
    assert_eq!(counts.passed, 0);
}

#[test]
fn panics_are_kept_with_their_message_and_without_the_backtrace() {
    let counts = counted(&[
        "thread 'short::known' (12) panicked at tests/short.rs:3:5:",
        "not within 50s: 199 of 200",
        "stack backtrace:",
        "0: __rustc::rust_begin_unwind",
        "thread '<unnamed>' panicked at tests/short.rs:9:1:",
        "an error",
        "",
        "test other ... ok",
    ]);
    assert_eq!(
        counts.panics,
        [
            "thread 'short::known' (12) panicked at tests/short.rs:3:5:\n  not within 50s: 199 of 200",
            "thread '<unnamed>' panicked at tests/short.rs:9:1:\n  an error"
        ]
    );
    let long = "x".repeat(10_000);
    let many: Vec<_> = ["thread 'a' panicked at b:1:1:", &long, &long, &long, &long, &long].repeat(100);
    let counts = counted(&many);
    assert!(counts.panics.iter().map(String::len).sum::<usize>() < 40_000);
}

#[test]
fn the_test_program_is_found_among_cargos_messages() {
    let messages = r#"{"reason":"compiler-artifact","target":{"name":"umbra-testbed"},"profile":{"test":false},"executable":"/t/umbra-testbed"}
{"reason":"compiler-artifact","target":{"name":"system"},"profile":{"test":true},"executable":"/t/deps/system-1"}
{"reason":"build-finished","success":true}"#;
    assert_eq!(executable(messages, "system"), Some("/t/deps/system-1".into()));
    assert_eq!(executable(messages, "umbra-testbed"), None);
    assert_eq!(executable("not json", "system"), None);
}

#[test]
fn what_fails_beside_another_step_is_noted_and_stops_nothing() {
    let together = Barrier::new(2);
    let mut steps = Steps::default();
    steps.take_at_once(vec![
        Step::new("a", |_| {
            together.wait();
            anyhow::bail!("broken")
        }),
        Step::new("b", |_| {
            together.wait();
            Ok(())
        }),
    ]);
    steps.take(Step::new("c", |_| Ok(())));
    assert!(steps.sum_up().is_err());
    let mut steps = Steps::default();
    steps.take(Step::new("c", |_| Ok(())));
    assert!(steps.sum_up().is_ok());
}
