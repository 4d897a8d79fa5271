//! One thing after another, whatever becomes of each, and the account at the end.

use std::env;
use std::time::Instant;

use anyhow::{Result, bail};

use super::tally::{Counts, Tally};

/// What has been run so far.
#[derive(Default)]
pub(super) struct Steps {
    total: Counts,
    /// Steps that failed, and how.
    failures: Vec<String>,
}

impl Steps {
    /// Runs a step; its failure is noted, and the next step runs all the same.
    pub(super) fn take(&mut self, name: &str, step: impl FnOnce(&Tally) -> Result<()>) {
        println!("\n=== {name}");
        let (start, tally) = (Instant::now(), Tally::default());
        let result = step(&tally);
        let counts = tally.counts();
        println!("=== {name}: {} s", start.elapsed().as_secs());
        self.total
            .skipped
            .extend(counts.skipped.iter().map(|why| format!("{name}: {why}")));
        self.total.passed += counts.passed;
        self.total.failed += counts.failed;
        if let Err(error) = result {
            println!("{error:#}");
            // A failed test is counted by itself; what failed otherwise (a lint, a build, a boot) counts as one.
            self.total.failed += u64::from(counts.failed == 0);
            self.failures.push(format!("{name}: {error:#}"));
        }
    }

    /// Notes that a step is left out; in CI (`CI` is set) that is a failure.
    pub(super) fn skip(&mut self, name: &str, why: &str) {
        self.total.skipped.push(format!("{name}: {why}"));
        if env::var_os("CI").is_some() {
            self.total.failed += 1;
            self.failures.push(format!("{name}: skipped in CI"));
        }
    }

    /// Prints what was skipped, what failed, and the figures as the last line.
    pub(super) fn sum_up(self) -> Result<()> {
        println!("\n=== summary");
        for why in &self.total.skipped {
            println!("skipped: {why}");
        }
        for failure in &self.failures {
            println!("failed: {failure}");
        }
        let Counts {
            passed,
            failed,
            skipped,
        } = &self.total;
        println!("{passed} passed, {failed} failed, {} skipped", skipped.len());
        if *failed > 0 {
            bail!("not all tests passed");
        }
        Ok(())
    }
}
