use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::Figure;

/// The goal for the 99th percentile, in milliseconds.
const GOAL: f64 = 100.0;

/// How long requests took, in milliseconds, and how long the answers were on average, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    requests: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    bytes: usize,
}

impl Spread {
    /// `None` of nothing. `bytes` is the length of all answers.
    pub(super) fn of(took: &mut [Duration], bytes: usize) -> Option<Self> {
        took.sort_unstable();
        // The smallest that so many in a hundred are not above.
        let rank = |percent: usize| (took.len() * percent).div_ceil(100).checked_sub(1);
        let millis = |place: usize| took.get(place).map(|it| it.as_secs_f64() * 1000.0);
        Some(Self {
            requests: took.len(),
            p50_ms: millis(rank(50)?)?,
            p99_ms: millis(rank(99)?)?,
            max_ms: millis(rank(100)?)?,
            bytes: bytes.checked_div(took.len())?,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} requests, p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms, {} bytes",
            self.requests, self.p50_ms, self.p99_ms, self.max_ms, self.bytes
        )
    }
}

/// The figures as a table in Markdown: p50 / p99 / max of each question, by database and load.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut columns = Vec::new();
    let mut questions = Vec::new();
    for figure in figures {
        let column = (figure.database, figure.reports_per_second);
        if !columns.contains(&column) {
            columns.push(column);
        }
        if !questions.contains(&figure.question) {
            questions.push(figure.question);
        }
    }
    let mut text = String::from("| p50 / p99 / max, ms |");
    for (database, rate) in &columns {
        let load = if *rate == 0 {
            "at rest".to_owned()
        } else {
            format!("{rate} reports/s")
        };
        let _ = write!(text, " {database}, {load} |");
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(columns.len()));
    for question in questions {
        let _ = write!(text, "\n| {question} |");
        for column in &columns {
            let figure = figures
                .iter()
                .find(|it| it.question == question && (it.database, it.reports_per_second) == *column);
            match figure {
                Some(Figure { spread, .. }) => {
                    let mark = if spread.p99_ms < GOAL { "" } else { "**" };
                    let _ = write!(
                        text,
                        " {:.1} / {mark}{:.1}{mark} / {:.1} |",
                        spread.p50_ms, spread.p99_ms, spread.max_ms
                    );
                }
                None => text.push_str(" |"),
            }
        }
    }
    text
}
