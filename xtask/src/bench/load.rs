//! The load (`tests/src/load.rs`), started in the namespace.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::interrupt;
use super::place::Place;
use crate::shell;

/// Flows of a load: of one process, and of short-lived ones at the same time.
pub(super) const FLOWS: u64 = LONG_LIVED + SHORT_LIVED * EACH;
const LONG_LIVED: u64 = 9_000;
const SHORT_LIVED: u64 = 200;
const EACH: u64 = 5;
/// Of these, one in twenty goes to a name of the catalogue.
pub(super) const CATALOGUE: u64 = FLOWS / 20;

/// Makes 10,000 flows.
pub(super) fn flows(place: &Place) -> Result<()> {
    let counts = [
        ("--count", LONG_LIVED),
        ("--processes", SHORT_LIVED),
        ("--each", EACH),
    ];
    let result = run(place, "flows", &counts)?;
    let expected = (Some(FLOWS), Some(CATALOGUE));
    let made = (result["flows"].as_u64(), result["catalogue"].as_u64());
    ensure!(
        made == expected,
        "the load made {made:?} flows in place of {expected:?}"
    );
    Ok(())
}

/// Some flows that nobody counts, so that what happens once has happened.
pub(super) fn warm_up(place: &Place) -> Result<()> {
    run(
        place,
        "flows",
        &[("--count", 1_000), ("--processes", 20), ("--each", EACH)],
    )
    .map(drop)
}

/// What a client that made flows for some time says of itself.
pub(super) struct Rate {
    /// Flows a second, after the warm-up.
    pub(super) a_second: f64,
    /// All flows, the warm-up's included.
    pub(super) made: f64,
    /// Processor time of the client for all of them, in seconds.
    pub(super) processor: f64,
}

/// Makes flows for so many seconds, from one process.
pub(super) fn rate(place: &Place, seconds: u64) -> Result<Rate> {
    let result = run(place, "rate", &[("--milliseconds", seconds * 1000)])?;
    let number = |name: &str| {
        let number = result[name].as_f64().filter(|&number| number > 0.0);
        number.with_context(|| format!("the load has no `{name}`: {result}"))
    };
    Ok(Rate {
        a_second: number("flows")? / number("seconds")?,
        made: number("made")?,
        processor: number("processor_seconds")?,
    })
}

/// Starts a small program so many times, one after another.
pub(super) fn executions(count: u32) -> Result<()> {
    for _ in 0..count {
        let status = Command::new("true").status().context("cannot start `true`")?;
        ensure!(status.success(), "`true` failed ({status})");
    }
    Ok(())
}

fn run(place: &Place, part: &str, numbers: &[(&str, u64)]) -> Result<Value> {
    interrupt::check()?;
    let mut command = place.inside(place.program("umbra-testbed"));
    command.args(["load", part, "--dir"]).arg(place.folder());
    for (option, number) in numbers {
        command.args([*option, &number.to_string()]);
    }
    let line = shell::line(&command);
    let done = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    interrupt::check()?;
    ensure!(
        done.status.success(),
        "`{line}` failed ({}):\n{}",
        done.status,
        String::from_utf8_lossy(&done.stderr).trim()
    );
    serde_json::from_slice(&done.stdout).with_context(|| format!("`{line}` did not print its result"))
}
