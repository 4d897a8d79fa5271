//! What the scenarios' program printed: one JSON object a line.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

/// What is judged of each flow, in the order of the table.
pub(super) const DIMENSIONS: [&str; 5] = ["name", "program", "user", "place", "bytes"];

/// How well a thing is told; the later the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Pass,
    Partial,
    Fail,
}

/// All that one observer was shown.
#[derive(Debug)]
pub(super) struct Run {
    /// The observer, with its version.
    pub(super) observer: String,
    pub(super) kernel: String,
    pub(super) trials: usize,
    pub(super) scenarios: Vec<Scenario>,
}

/// A scenario, and what came of it.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) what: String,
    /// Why the agent falls short here, as its docs say.
    pub(super) expected: Option<String>,
    /// Flows, by trial.
    pub(super) trials: Vec<Vec<Flow>>,
    /// Flows that were reported and that nobody made, in all trials.
    pub(super) surplus: u64,
    /// Why it was not played.
    pub(super) not_run: Option<String>,
}

/// What was said of one flow.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) verdicts: [Verdict; DIMENSIONS.len()],
    pub(super) notes: Vec<String>,
}

impl Run {
    /// Reads it; a scenario that was played less often than the rest is a fault.
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut lines = text.lines().map(|line| {
            serde_json::from_str::<Value>(line).with_context(|| format!("no JSON of the scenarios: {line}"))
        });
        let head = lines.next().context("the scenarios' program printed nothing")??;
        let mut run = Self {
            observer: string(&head, "observer")?,
            kernel: string(&head, "kernel")?,
            trials: usize::try_from(head["trials"].as_u64().context("no number of trials")?)?,
            scenarios: Vec::new(),
        };
        for line in lines {
            let line = line?;
            if line["scenario"].is_string() {
                run.scenarios.push(Scenario::announced(&line)?);
            } else {
                run.add(&line)?;
            }
        }
        ensure!(!run.scenarios.is_empty(), "no scenario was played");
        for scenario in run.scenarios.iter().filter(|it| it.not_run.is_none()) {
            let (id, trials) = (&scenario.id, scenario.trials.len());
            ensure!(
                trials == run.trials,
                "{id} was played {trials} times instead of {}",
                run.trials
            );
        }
        Ok(run)
    }

    fn add(&mut self, line: &Value) -> Result<()> {
        let id = string(line, "played")?;
        let scenario = self.scenarios.iter_mut().find(|it| it.id == id);
        let scenario = scenario.with_context(|| format!("{id} was played and not announced"))?;
        if let Some(why) = line["not_run"].as_str() {
            scenario.not_run = Some(why.to_owned());
            return Ok(());
        }
        let flows = line["outcome"]["flows"]
            .as_array()
            .with_context(|| format!("no outcome in {line}"))?;
        ensure!(
            !flows.is_empty(),
            "{id} caused no flow: there is nothing to score"
        );
        scenario
            .trials
            .push(flows.iter().map(Flow::read).collect::<Result<_>>()?);
        scenario.surplus += line["outcome"]["surplus"]
            .as_u64()
            .context("no count of what nobody made")?;
        Ok(())
    }
}

impl Scenario {
    fn announced(line: &Value) -> Result<Self> {
        Ok(Self {
            id: string(line, "scenario")?,
            group: string(line, "group")?,
            what: string(line, "what")?,
            expected: line["expected"].as_str().map(str::to_owned),
            trials: Vec::new(),
            surplus: 0,
            not_run: None,
        })
    }

    /// The worst verdict on one thing in each trial.
    pub(super) fn worst(&self, dimension: usize) -> Vec<Verdict> {
        let worst = |flows: &Vec<Flow>| flows.iter().map(|flow| flow.verdicts[dimension]).max();
        self.trials.iter().filter_map(worst).collect()
    }
}

impl Flow {
    fn read(flow: &Value) -> Result<Self> {
        let mut verdicts = [Verdict::Fail; DIMENSIONS.len()];
        for (verdict, dimension) in verdicts.iter_mut().zip(DIMENSIONS) {
            *verdict = match flow[dimension].as_str() {
                Some("pass") => Verdict::Pass,
                Some("partial") => Verdict::Partial,
                Some("fail") => Verdict::Fail,
                _ => bail!("no verdict on the {dimension} in {flow}"),
            };
        }
        let notes = flow["notes"].as_array().context("no notes on a flow")?;
        let notes = notes
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        Ok(Self { verdicts, notes })
    }
}

fn string(line: &Value, key: &str) -> Result<String> {
    let text = line[key]
        .as_str()
        .with_context(|| format!("no `{key}` in {line}"))?;
    Ok(text.to_owned())
}
