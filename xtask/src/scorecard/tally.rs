//! Rates: how much of all that was played is told right.

use super::played::{DIMENSIONS, Scenario, Verdict};

/// How many of how many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: usize,
    pub(super) of: usize,
}

impl Share {
    /// In per cent, to one digit behind the point, rounded down, so that 100 means all.
    pub(super) fn percent(self) -> String {
        match (self.part * 1000).checked_div(self.of) {
            Some(tenths) => format!("{}.{}%", tenths / 10, tenths % 10),
            None => "-".to_owned(),
        }
    }

    fn add(&mut self, is_part: bool) {
        self.part += usize::from(is_part);
        self.of += 1;
    }
}

/// How much of some scenarios is told right. A scenario that was not played counts nowhere.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Scenario plays in which a thing was told right of each flow. By play and not by flow, so that a scenario of
    /// twenty flows weighs no more than a blind spot of one.
    pub(super) plays: [Share; DIMENSIONS.len()],
    /// Plays in which program, user and place are all right of each flow.
    pub(super) attributed: Share,
    /// Flows that were told by their name.
    pub(super) flows: Share,
    /// Flows that were reported and that nobody made.
    pub(super) surplus: u64,
}

impl Tally {
    pub(super) fn of<'s>(scenarios: impl IntoIterator<Item = &'s Scenario>) -> Self {
        let mut tally = Self::default();
        for scenario in scenarios.into_iter().filter(|it| it.not_run.is_none()) {
            tally.surplus += scenario.surplus;
            for flows in &scenario.trials {
                let passed = |at: usize| flows.iter().all(|flow| flow.verdicts[at] == Verdict::Pass);
                for (at, share) in tally.plays.iter_mut().enumerate() {
                    share.add(passed(at));
                }
                tally.attributed.add((1..=3).all(passed));
                for flow in flows {
                    tally.flows.add(flow.verdicts[0] == Verdict::Pass);
                }
            }
        }
        tally
    }
}
