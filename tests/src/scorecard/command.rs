//! `umbra-scorecard`: plays the scenarios, and prints what came of them.
//!
//! First a line about the run, then one for each scenario, then one each time that one was played.

use std::fs;
use std::io::{self, Write};
use std::panic;

use serde_json::{Value, json};

use super::cgroup::Neutral;
use super::observer::{Kind, Observer};
use super::scenario::Played;
use super::{Scenario, scenarios};
use crate::machine;

/// What to play, and before whom.
#[derive(Debug, clap::Parser)]
pub struct Arguments {
    /// Who watches.
    #[arg(long, value_enum, default_value_t = Kind::Umbra)]
    observer: Kind,
    /// How often each scenario is played.
    #[arg(long, default_value_t = 5)]
    trials: u32,
    /// Only scenarios whose name contains this.
    #[arg(long)]
    filter: Option<String>,
}

impl Arguments {
    /// Plays it all; the first fault of the harness ends it.
    pub fn run(&self) -> Result<(), String> {
        if !machine::root() {
            return Err("network namespaces and kernel programs need root".to_owned());
        }
        let observer = self.observer.observer();
        let version = observer
            .version()
            .map_err(|why| format!("the observer cannot run: {why}"))?;
        let mut wanted = scenarios::all();
        wanted.retain(|it| self.filter.as_ref().is_none_or(|filter| it.id.contains(filter)));
        if wanted.is_empty() {
            return Err(format!("no scenario's name contains {:?}", self.filter));
        }
        say(&json!({
            "observer": version,
            "trials": self.trials,
            "kernel": fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        }))?;
        for Scenario {
            id,
            group,
            what,
            expected,
            ..
        } in &wanted
        {
            say(&json!({"scenario": id, "group": group, "what": what, "expected": expected}))?;
        }
        let _neutral = Neutral::enter();
        // What failed is said by the error.
        panic::set_hook(Box::new(|_| {}));
        for trial in 1..=self.trials {
            for scenario in &wanted {
                eprintln!("scorecard: trial {trial}, {}", scenario.id);
                say(&play(scenario, trial, &*observer)?)?;
            }
        }
        Ok(())
    }
}

fn play(scenario: &Scenario, trial: u32, observer: &dyn Observer) -> Result<Value, String> {
    let id = &scenario.id;
    match scenario.play(observer) {
        Err(why) => Err(format!(
            "the harness failed in {id}, trial {trial}, so that nothing is scored: {why}"
        )),
        Ok(Played::NotRun(why)) => Ok(json!({"played": id, "trial": trial, "not_run": why})),
        Ok(Played::Scored(outcome)) => Ok(json!({"played": id, "trial": trial, "outcome": outcome})),
    }
}

fn say(line: &Value) -> Result<(), String> {
    writeln!(io::stdout(), "{line}").map_err(|error| format!("cannot write to stdout: {error}"))
}
