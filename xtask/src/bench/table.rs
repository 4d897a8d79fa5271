//! What is printed: 80 columns.

use std::fmt::Write as _;
use std::fs;
use std::thread;

use super::spread::Spread;

const WIDTH: usize = 80;

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Goal {
    /// Below this.
    Under(f64),
    /// This or more.
    AtLeast(f64),
}

/// The figures so far.
pub(super) struct Table(String);

impl Table {
    /// Begins with what this machine is.
    pub(super) fn begin() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let mut text = machine(
            &read("/proc/cpuinfo"),
            thread::available_parallelism().map_or(0, usize::from),
            &read("/proc/sys/kernel/osrelease"),
            &read("/proc/loadavg"),
        );
        text.push_str("\n\n");
        let mut table = Self(text);
        table.line("", "median", "range", "goal");
        table
    }

    /// Begins a group of figures.
    pub(super) fn group(&mut self, title: &str) {
        let _ = writeln!(self.0, "{title}");
    }

    /// Adds a figure.
    pub(super) fn figure(&mut self, name: &str, values: impl Into<Spread>, decimals: usize) {
        let values = values.into();
        let median = format!("{:.decimals$}", values.median);
        self.line(name, &median, &values.range(decimals).to_string(), "");
    }

    /// Adds a figure that has a goal, which is met or missed by the median.
    pub(super) fn goal(&mut self, name: &str, values: impl Into<Spread>, decimals: usize, goal: Goal) {
        let values = values.into();
        let median = format!("{:.decimals$}", values.median);
        self.line(
            name,
            &median,
            &values.range(decimals).to_string(),
            &goal.verdict(values.median),
        );
    }

    /// Adds a figure that could not be had.
    pub(super) fn absent(&mut self, name: &str, why: &str) {
        self.line(name, "-", why, "");
    }

    /// Prints it all.
    pub(super) fn print(&self) {
        println!("{}", self.0.trim_end());
    }

    /// The text so far.
    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    fn line(&mut self, name: &str, median: &str, range: &str, goal: &str) {
        let line = format!("  {name:<35} {median:>9}  {range:<17} {goal}");
        let line = line.trim_end();
        debug_assert!(line.len() <= WIDTH, "{line}");
        let _ = writeln!(self.0, "{line}");
    }
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

/// Says what a machine is, in as many lines as its names need.
pub(super) fn machine(cpus: &str, processors: usize, release: &str, load: &str) -> String {
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, model)| model.trim());
    let load = load.split(' ').next().unwrap_or_default();
    let parts = [
        format!("{processors} processors ({model})"),
        format!("Linux {}", release.trim()),
        format!("load average {load} before"),
    ];
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + ", ".len() + part.len() <= WIDTH => {
                let _ = write!(line, ", {part}");
            }
            _ => lines.push(part),
        }
    }
    lines.join("\n")
}
