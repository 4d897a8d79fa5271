//! What is printed: 80 columns, but for notes that are longer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::played::{DIMENSIONS, Run, Scenario, Verdict};
use super::tally::Tally;

/// Groups in the order of the table, with their headings.
const GROUPS: [(&str, &str); 6] = [
    ("client", "clients"),
    ("path", "socket paths"),
    ("lifetime", "lifetimes"),
    ("place", "users, namespaces, units, containers"),
    ("proxy", "proxies"),
    ("blind_spot", "blind spots"),
];

/// In a note on what was not said at all.
const NOTHING_SAID: &str = ": nothing for ";
/// How the scores tell of bytes that an observer counts with the packets around them.
const WHOLE_PACKETS: &str = ": Packets {";

/// Scenarios first, then rates, then what was said wrongly.
pub(super) fn of(run: &Run) -> String {
    let Run {
        observer,
        kernel,
        trials,
        scenarios,
    } = run;
    let mut text = format!(
        "{observer}, Linux {kernel}, {} scenarios, {trials} trials\n\n",
        scenarios.len()
    );
    line(&mut text, "", DIMENSIONS.map(str::to_owned));
    for (group, heading) in GROUPS {
        let mut of_group = scenarios.iter().filter(|it| it.group == group).peekable();
        if of_group.peek().is_some() {
            let _ = writeln!(text, "{heading}");
        }
        of_group.for_each(|scenario| row(&mut text, scenario));
    }
    rates(&mut text, run);
    notes(&mut text, scenarios);
    text
}

fn row(text: &mut String, scenario: &Scenario) {
    let mark = if scenario.expected.is_some() { " *" } else { "" };
    let name = format!("  {}{mark}", scenario.id);
    if let Some(why) = &scenario.not_run {
        let _ = writeln!(text, "{name:20} not run: {why}");
        return;
    }
    let mut cells = [const { String::new() }; DIMENSIONS.len()];
    for (at, cell) in cells.iter_mut().enumerate() {
        *cell = self::cell(&scenario.worst(at));
    }
    line(text, &name, cells);
}

/// The worst verdict; with the number of trials that it stands for when others were better.
fn cell(verdicts: &[Verdict]) -> String {
    let Some(worst) = verdicts.iter().max() else {
        return "-".to_owned();
    };
    let word = match worst {
        Verdict::Pass => "pass",
        Verdict::Partial => "partial",
        Verdict::Fail => "FAIL",
    };
    match verdicts.iter().filter(|it| *it == worst).count() {
        count if count == verdicts.len() => word.to_owned(),
        count => format!("{word} {count}/{}", verdicts.len()),
    }
}

fn line(text: &mut String, name: &str, cells: [String; DIMENSIONS.len()]) {
    let mut line = format!("{name:20}");
    for cell in cells {
        let _ = write!(line, " {cell:11}");
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

fn rates(text: &mut String, run: &Run) {
    let all = Tally::of(&run.scenarios);
    let others = Tally::of(run.scenarios.iter().filter(|it| it.expected.is_none()));
    let _ = writeln!(text, "\nright in every flow of a play");
    for (name, tally) in [("  all", &all), ("  without *", &others)] {
        line(text, name, tally.plays.map(super::tally::Share::percent));
    }
    let _ = writeln!(text);
    for (name, share) in [
        (
            "discovery rate: plays whose flows are all told by name",
            all.plays[0],
        ),
        ("  without *", others.plays[0]),
        (
            "attribution rate: program, user and place all right",
            all.attributed,
        ),
        ("  without *", others.attributed),
        ("flows told by name", all.flows),
    ] {
        let _ = writeln!(
            text,
            "{name:56} {:>6} ({} of {})",
            share.percent(),
            share.part,
            share.of
        );
    }
    let _ = writeln!(
        text,
        "{:56} {:>6}",
        "flows that were told and nobody made", all.surplus
    );
}

/// What was said of flows where the docs expect no shortfall, the last of each kind.
fn notes(text: &mut String, scenarios: &[Scenario]) {
    let mut list = BTreeMap::new();
    for scenario in scenarios.iter().filter(|it| it.expected.is_none()) {
        for note in scenario.trials.iter().flatten().flat_map(|flow| &flow.notes) {
            // That an observer never says a thing is seen in the table, and so is that it counts whole packets.
            if !note.contains(NOTHING_SAID) && !note.contains(WHOLE_PACKETS) {
                let kind = note.split(':').next();
                list.insert((&scenario.id, kind), note);
            }
        }
    }
    if list.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nshortfalls that the docs do not expect");
    for ((id, _), note) in list {
        let _ = writeln!(text, "  {id}: {note}");
    }
}
