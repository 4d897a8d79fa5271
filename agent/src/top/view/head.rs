//! What is said above the table: where, since when, how much; whether the agent is well; what the table leaves out.

use std::fmt::Write as _;

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::super::model::{Model, Over};
use super::{FAINT, HEAD, Looks};
use crate::live::{Delivery, Word};
use crate::output::plain::{Bytes, printable};

/// The lines.
pub(super) fn lines(model: &Model, looks: Looks) -> Vec<Line<'static>> {
    let Some(word) = &model.word else {
        return vec![Line::raw("waiting for the agent's first word ...")];
    };
    let mut lines = vec![
        Line::from(vec![
            Span::styled(printable(&word.host).into_owned(), HEAD),
            Span::raw(format!(
                "  {}  sums since {} ({})",
                word.time.strftime("%H:%M:%SZ"),
                word.started.strftime("%Y-%m-%d %H:%M:%SZ"),
                ago(word.time, word.started),
            )),
        ]),
        totals(model, word),
        losses(word, looks),
        collector(word, looks),
    ];
    if let Some(reason) = &model.lost {
        let told = format!(
            "the agent is not heard: {}; this is the last it said",
            printable(reason)
        );
        lines.push(Line::styled(told, looks.warning()));
    }
    if model.paused {
        lines.push(Line::styled("stands still: Space goes on", looks.warning()));
    }
    if !model.filter.is_empty() && model.over != Over::Filter {
        let told = format!("rows with \"{}\" alone: Esc shows all", model.filter);
        lines.push(Line::styled(told, looks.warning()));
    }
    lines
}

fn totals(model: &Model, word: &Word) -> Line<'static> {
    let sum = |of: &dyn Fn(&crate::live::Used) -> u64| {
        word.used
            .iter()
            .fold(0_u64, |sum, used| sum.saturating_add(of(used)))
    };
    let mut text = format!(
        "{} open of {} flows  {} out  {} in  {}/s out",
        sum(&|used| used.open),
        sum(&|used| used.flows),
        Bytes(sum(&|used| used.bytes_out)),
        Bytes(sum(&|used| used.bytes_in)),
        Bytes(sum(&|used| model.rates.of(used.id))),
    );
    if word.forgotten > 0 {
        let _ = write!(text, "  {} older rows are left out", word.forgotten);
    }
    Line::raw(text)
}

/// As much as has room; the metrics and the collector's page say the rest.
fn losses(word: &Word, looks: Looks) -> Line<'static> {
    if word.losses.is_empty() {
        return Line::styled("lost: nothing", FAINT);
    }
    let mut causes: Vec<_> = word.losses.iter().collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let causes: Vec<String> = causes
        .into_iter()
        .map(|(cause, count)| format!("{count} {}", printable(cause)))
        .collect();
    Line::styled(format!("lost: {}", causes.join(", ")), looks.warning())
}

fn collector(word: &Word, looks: Looks) -> Line<'static> {
    let Delivery {
        waiting,
        reports,
        last_acknowledged,
        last_trouble,
        ..
    } = &word.delivery;
    let trouble = last_trouble
        .as_ref()
        .filter(|trouble| last_acknowledged.is_none_or(|last| last < trouble.time));
    if let Some(trouble) = trouble {
        let told = format!(
            "collector: {waiting} records wait; at {}: {}",
            trouble.time.strftime("%H:%M:%SZ"),
            printable(&trouble.error)
        );
        return Line::styled(told, looks.warning());
    }
    let told = match last_acknowledged {
        Some(last) => format!(
            "collector: took a report {} ago, {} in all; {waiting} records wait",
            ago(word.time, *last),
            reports.acknowledged
        ),
        None if *waiting > 0 => format!("collector: none has answered yet; {waiting} records wait"),
        None => "collector: none; this host is watched by itself".to_owned(),
    };
    Line::styled(told, FAINT)
}

/// `5 s`, `12 min`, `3 h`, `4 d`.
pub(in super::super) fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
