//! Figures, for people in 80 columns and for programs as JSON.

use std::fmt::Write as _;
use std::{fs, thread};

use serde::Serialize;

/// All figures of a run.
#[derive(Serialize)]
pub(crate) struct Table {
    /// What it was measured on.
    machine: String,
    groups: Vec<Group>,
}

/// Figures that belong together.
#[derive(Serialize)]
struct Group {
    title: String,
    figures: Vec<Figure>,
}

/// A figure that was measured once or several times.
#[derive(Serialize)]
struct Figure {
    name: String,
    /// In the order in which they were measured.
    values: Vec<f64>,
    median: f64,
    lowest: f64,
    highest: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<Goal>,
    #[serde(skip)]
    decimals: usize,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    /// Below this.
    #[expect(dead_code, reason = "the goal of pages and API")]
    Under(f64),
    /// This or more.
    AtLeast(f64),
}

impl Table {
    /// Begins with what this machine is.
    pub(crate) fn begin() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let cpus = read("/proc/cpuinfo");
        let model = cpus
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let load = read("/proc/loadavg");
        Self {
            machine: format!(
                "{} processors ({}), Linux {}, load average {} before",
                thread::available_parallelism().map_or(0, usize::from),
                model.map_or("unknown", |(_, model)| model.trim()),
                read("/proc/sys/kernel/osrelease").trim(),
                load.split(' ').next().unwrap_or_default(),
            ),
            groups: Vec::new(),
        }
    }

    /// Begins a group of figures.
    pub(crate) fn group(&mut self, title: impl Into<String>) {
        self.groups.push(Group {
            title: title.into(),
            figures: Vec::new(),
        });
    }

    /// Adds a figure of at least one value.
    pub(crate) fn figure(&mut self, name: &str, values: impl IntoIterator<Item = f64>, decimals: usize) {
        self.add(name, values, decimals, None);
    }

    /// Adds a figure that has a goal, which is met or missed by the median.
    pub(crate) fn goal(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = f64>,
        decimals: usize,
        goal: Goal,
    ) {
        self.add(name, values, decimals, Some(goal));
    }

    fn add(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = f64>,
        decimals: usize,
        goal: Option<Goal>,
    ) {
        let values: Vec<f64> = values.into_iter().collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(group), [lowest, ..], [.., highest]) = (self.groups.last_mut(), &sorted[..], &sorted[..])
        else {
            return;
        };
        group.figures.push(Figure {
            name: name.to_owned(),
            values,
            median: f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]),
            lowest: *lowest,
            highest: *highest,
            goal,
            decimals,
        });
    }

    /// The text for people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.machine);
        line(&mut text, "", "median", "range", "goal");
        for group in &self.groups {
            let _ = writeln!(text, "{}", group.title);
            for figure in &group.figures {
                let decimals = figure.decimals;
                let range = match figure.values.len() {
                    1 => String::new(),
                    _ => format!("{:.decimals$} - {:.decimals$}", figure.lowest, figure.highest),
                };
                let goal = figure
                    .goal
                    .map(|goal| goal.verdict(figure.median))
                    .unwrap_or_default();
                line(
                    &mut text,
                    &figure.name,
                    &format!("{:.decimals$}", figure.median),
                    &range,
                    &goal,
                );
            }
        }
        text
    }
}

fn line(text: &mut String, name: &str, median: &str, range: &str, goal: &str) {
    let line = format!("  {name:<36} {median:>9}  {range:<17} {goal}");
    let _ = writeln!(text, "{}", line.trim_end());
}

impl Goal {
    fn verdict(self, value: f64) -> String {
        let (met, text) = match self {
            Self::Under(limit) => (value < limit, format!("<{limit}")),
            Self::AtLeast(limit) => (value >= limit, format!(">={limit}")),
        };
        format!("{text} {}", if met { "met" } else { "missed" })
    }
}

#[cfg(test)]
mod tests;
