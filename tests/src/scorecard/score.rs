//! What an observer says, measured against the truth.

mod judge;

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::{Caused, Observed};
pub use judge::Judgement;

/// How well one thing is told of one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Exactly right.
    Pass,
    /// Right, but not all of it.
    Partial,
    /// Wrong, or not said.
    Fail,
}

/// A scenario, scored.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// One for each flow that was caused.
    pub flows: Vec<Judgement>,
    /// Flows to the same places that the observer reported and nobody made.
    pub surplus: usize,
}

/// Scores what was seen. A scenario that caused nothing, or nothing that was counted, is a fault of the harness.
pub fn score(caused: &[Caused], seen: &[Observed]) -> Result<Outcome, String> {
    if caused.is_empty() {
        return Err("the scenario caused no flow: there is nothing to score".to_owned());
    }
    if let Some(empty) = caused.iter().find(|truth| truth.bytes.most.out == 0) {
        return Err(format!("the server counted nothing of {empty:?}"));
    }
    let mut seen: Vec<_> = seen.iter().collect();
    seen.retain(|it| caused.iter().any(|truth| goes_there(truth, it)));
    let mut flows: Vec<Option<Judgement>> = caused.iter().map(|_| None).collect();
    // The best pair first, so that each flow is held against what was said of it, and nothing is used twice.
    while let Some((flow, at, judgement)) = best(caused, &flows, &seen) {
        flows[flow] = Some(judgement);
        seen.swap_remove(at);
    }
    Ok(Outcome {
        flows: flows.into_iter().map(Option::unwrap_or_default).collect(),
        surplus: seen.len(),
    })
}

fn best(
    caused: &[Caused],
    judged: &[Option<Judgement>],
    seen: &[&Observed],
) -> Option<(usize, usize, Judgement)> {
    let open = caused
        .iter()
        .enumerate()
        .filter(|(flow, _)| judged[*flow].is_none());
    let pairs = open.flat_map(|(flow, truth)| {
        let fitting = seen.iter().enumerate().filter(|(_, it)| goes_there(truth, it));
        fitting.map(move |(at, it)| (flow, at, Judgement::of(truth, it)))
    });
    pairs.max_by_key(|(flow, at, judgement)| (judgement.points(), std::cmp::Reverse((*flow, *at))))
}

fn goes_there(truth: &Caused, seen: &Observed) -> bool {
    seen.to.is_some_and(|(protocol, to)| {
        protocol == truth.protocol
            && to.port() == truth.to.port()
            && to.ip().to_canonical() == truth.to.ip().to_canonical()
    })
}
