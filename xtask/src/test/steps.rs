//! One thing after another, whatever becomes of each, and the account at the end.

use std::env;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};

use super::tally::{Counts, Tally};

/// What a step does, its programs' lines being counted.
type Work<'a> = Box<dyn FnOnce(&Tally) -> Result<()> + Send + 'a>;

/// A step to take: what it is called, and what it does.
pub(super) struct Step<'a> {
    name: String,
    tally: Tally,
    work: Work<'a>,
}

impl<'a> Step<'a> {
    pub(super) fn new(name: impl Into<String>, work: impl FnOnce(&Tally) -> Result<()> + Send + 'a) -> Self {
        Self {
            name: name.into(),
            tally: Tally::default(),
            work: Box::new(work),
        }
    }

    /// Has each line that its programs say begin with this, to tell it from those of steps taken at the same time.
    pub(super) fn labelled(self, label: &str) -> Self {
        Self {
            tally: Tally::labelled(label),
            ..self
        }
    }

    fn take(self) -> Ended {
        let Self { name, tally, work } = self;
        println!("\n=== {name}");
        let start = Instant::now();
        let result = work(&tally);
        println!("=== {name}: {} s", start.elapsed().as_secs());
        Ended {
            counts: tally.counts(),
            name,
            result,
        }
    }
}

/// A step that was taken.
struct Ended {
    name: String,
    counts: Counts,
    result: Result<()>,
}

/// What has been run so far.
#[derive(Default)]
pub(super) struct Steps {
    total: Counts,
    /// Steps that failed, and how.
    failures: Vec<String>,
}

impl Steps {
    /// Runs a step; its failure is noted, and the next step runs all the same.
    pub(super) fn take(&mut self, step: Step<'_>) {
        self.note(step.take());
    }

    /// Runs steps at the same time: where one mostly waits, another may use the processor.
    pub(super) fn take_at_once(&mut self, steps: Vec<Step<'_>>) {
        let ended: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = steps
                .into_iter()
                .map(|step| scope.spawn(|| step.take()))
                .collect();
            running
                .into_iter()
                .map(|step| step.join().expect("no step panics"))
                .collect()
        });
        for step in ended {
            self.note(step);
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

    fn note(&mut self, ended: Ended) {
        let Ended { name, counts, result } = ended;
        self.total
            .skipped
            .extend(counts.skipped.iter().map(|why| format!("{name}: {why}")));
        self.total.passed += counts.passed;
        self.total.failed += counts.failed;
        if let Err(error) = result {
            println!("{name}: {error:#}");
            // A failed test is counted by itself; what failed otherwise (a lint, a build, a boot) counts as one.
            self.total.failed += u64::from(counts.failed == 0);
            self.failures.push(format!("{name}: {error:#}"));
            let panics = counts.panics.iter().map(|panic| format!("{name}: {panic}"));
            self.total.panics.extend(panics);
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
        for panic in &self.total.panics {
            println!("{panic}");
        }
        let Counts {
            passed,
            failed,
            skipped,
            ..
        } = &self.total;
        println!("{passed} passed, {failed} failed, {} skipped", skipped.len());
        if *failed > 0 {
            bail!("not all tests passed");
        }
        Ok(())
    }
}
