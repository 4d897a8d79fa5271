//! What the commands print for people, in 80 columns where names let them.

mod rules;

use std::fmt::Write as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use umbra_policy::{Change, Fault, File, Sanction, difference};

use crate::policy::{Plan, Turn};
use crate::store::Decided;

/// Callers that are shown of each kind of change.
const SHOWN: usize = 5;
/// Names that are listed in one sentence.
const NAMED: usize = 10;
/// What ends sooner is shown with the list of versions.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A file that can be applied.
pub(super) fn checked(path: &Path, file: &File, remarks: &[Fault]) -> String {
    let mut text = format!(
        "{}: {}, {}{}: it can be applied\n",
        path.display(),
        number(file.sanctions.len(), "sanction"),
        number(file.groups.len(), "group"),
        beside(file),
    );
    remark(&mut text, remarks);
    text
}

/// `, 1 egress rule, 2 plans`, as far as there are any.
fn beside(file: &File) -> String {
    let counts = [(file.egress.len(), "egress rule"), (file.plans.len(), "plan")];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    some.fold(String::new(), |text, (count, what)| {
        text + ", " + &number(count, what)
    })
}

/// What a file would change.
pub(super) fn planned(path: &Path, before: &Decided, file: &File, plan: &Plan, now: Timestamp) -> String {
    let mut text = stands(before);
    let changes = changed(&mut text, before, file);
    if changes == 0 {
        text.push_str("The file says the same.\n");
    }
    let _ = writeln!(
        text,
        "\n{} of {} in the inventory would have another verdict{}",
        plan.turned,
        number(usize::try_from(plan.uses).unwrap_or(usize::MAX), "use"),
        if plan.turned == 0 { "." } else { ":" },
    );
    for ((from, to, by), count) in &plan.sums {
        let by = by.as_deref();
        let because = by.map_or_else(|| "no sanction is left".to_owned(), |by| format!("by {by}"));
        let _ = writeln!(text, "\n  {from} -> {to}, {because}: {count}");
        let turns = plan
            .turns
            .iter()
            .filter(|turn| (turn.before, turn.after, turn.by.as_deref()) == (*from, *to, by));
        for turn in turns.take(SHOWN) {
            let _ = writeln!(text, "    {}", caller(turn));
        }
        if *count > SHOWN as u64 {
            let _ = writeln!(text, "    and {} more: --json shows them", count - SHOWN as u64);
        }
    }
    for (rule, uses) in &plan.direct {
        let _ = writeln!(
            text,
            "\n{} went directly where egress {rule} wants another way: as far as it goes on, that is a finding.",
            number(usize::try_from(*uses).unwrap_or(usize::MAX), "use"),
        );
    }
    for (rule, uses) in &plan.personal {
        let _ = writeln!(
            text,
            "\n{} of a personal plan where plan {rule} is the organisation's: as far as it goes on, that is a finding.",
            number(usize::try_from(*uses).unwrap_or(usize::MAX), "use"),
        );
    }
    let mut remarks = file
        .remarks(now)
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    let dropped = plan.dropped(before, file);
    for (id, request) in &dropped {
        remarks.push(format!(
            "{id} was approved by request {request} and is not in the file: `umbra-collector policy export` has it, and \
             `apply` ends it only with --drop-requested"
        ));
    }
    if !plan.idle.is_empty() {
        remarks.push(format!(
            "nobody in the inventory is covered by {}",
            listed(&plan.idle)
        ));
    }
    if !plan.strangers.is_empty() {
        remarks.push(format!(
            "no caller in the inventory is a user {}",
            listed(&plan.strangers)
        ));
    }
    if !plan.unknown_groups.is_empty() {
        remarks.push(format!(
            "neither the file nor any host in the inventory has a group {}",
            listed(&plan.unknown_groups)
        ));
    }
    if !remarks.is_empty() {
        text.push('\n');
    }
    for remark in remarks {
        let _ = writeln!(text, "remark: {remark}");
    }
    if changes > 0 {
        let _ = writeln!(
            text,
            "\nNothing has been changed. To put it in force:\n  umbra-collector policy apply {} --against {}",
            path.display(),
            before.number(),
        );
    }
    text
}

/// What was put in force.
pub(super) fn applied(before: &Decided, file: &File, version: Option<u64>) -> String {
    let Some(version) = version else {
        return format!(
            "policy version {} says the same already; nothing was changed\n",
            before.number()
        );
    };
    let mut text = format!("policy version {version} is in force:\n");
    changed(&mut text, before, file);
    text
}

/// A version with all its sanctions.
pub(super) fn shown(decided: &Decided, now: Timestamp) -> String {
    let mut text = stands(decided);
    for (group, users) in &decided.groups {
        let users: Vec<_> = users.iter().cloned().collect();
        let _ = writeln!(text, "\ngroup {group}: {}", listed(&users));
    }
    for sanction in &decided.sanctions {
        let _ = writeln!(text, "\n{}: {}", sanction.id, says(sanction));
        let _ = writeln!(text, "  why       {}", sanction.reason);
        let _ = writeln!(text, "  approver  {}", sanction.approver);
        if let Some(expires) = sanction.expires {
            let _ = writeln!(text, "  expires   {expires:.0} ({})", ends(expires, now));
        }
        if let Some(ticket) = &sanction.ticket {
            let _ = writeln!(text, "  ticket    {ticket}");
        }
    }
    rules::shown(&mut text, &decided.rules);
    text
}

/// What ends within [`SOON`], the soonest first, below a list.
pub(super) fn ending(decided: &Decided, now: Timestamp) -> String {
    let mut soon: Vec<_> = decided
        .sanctions
        .iter()
        .filter_map(|sanction| Some((sanction.expires?, &sanction.id)))
        .filter(|(expires, _)| *expires > now && expires.duration_since(now) <= SOON)
        .collect();
    soon.sort();
    let mut text = String::new();
    for (expires, id) in soon {
        let _ = writeln!(text, "{id} {}", ends(expires, now));
    }
    text
}

/// `ends in 3 days`
fn ends(expires: Timestamp, now: Timestamp) -> String {
    let left = expires.duration_since(now);
    let days = left.as_hours() / 24;
    match (left.is_positive(), days) {
        (false, _) => "has ended".to_owned(),
        (true, 0) => "ends within a day".to_owned(),
        (true, 1) => "ends in 1 day".to_owned(),
        (true, days) => format!("ends in {days} days"),
    }
}

fn stands(decided: &Decided) -> String {
    match &decided.version {
        None => "No policy is in force: every caller is unreviewed.\n".to_owned(),
        Some(version) => format!(
            "Policy version {}, applied {:.0} by {}{}\n",
            version.version,
            version.applied,
            version.actor,
            if version.comment.is_empty() {
                String::new()
            } else {
                format!(": {}", version.comment)
            },
        ),
    }
}

/// Lists what is different; gives how much.
fn changed(text: &mut String, before: &Decided, file: &File) -> usize {
    let changes = difference(&before.sanctions, &file.sanctions);
    for change in &changes {
        let _ = match change {
            Change::Added(sanction) => writeln!(text, "  + {}: {}", sanction.id, says(sanction)),
            Change::Removed(sanction) => writeln!(text, "  - {}: {}", sanction.id, says(sanction)),
            Change::Changed(was, is) if says(was) == says(is) => {
                writeln!(
                    text,
                    "  ~ {}: {}; other words, approver, end or ticket",
                    is.id,
                    says(is)
                )
            }
            Change::Changed(was, is) => {
                writeln!(text, "  ~ {}: {}\n      was: {}", is.id, says(is), says(was))
            }
        };
    }
    let groups = before.groups.keys().chain(file.groups.keys());
    let mut groups: Vec<_> = groups
        .filter(|group| before.groups.get(*group) != file.groups.get(*group))
        .cloned()
        .collect();
    groups.sort();
    groups.dedup();
    if !groups.is_empty() {
        let _ = writeln!(text, "  ~ users of group {}", listed(&groups));
    }
    changes.len() + groups.len() + rules::changed(text, &before.rules, &file.rules())
}

/// `sanctioned for internal data: vendor GitHub`
fn says(sanction: &Sanction) -> String {
    let data = sanction.data.as_ref();
    let data = data.map_or_else(String::new, |data| format!(" for {data} data"));
    format!("{}{data}: {}", sanction.verdict, sanction.scope)
}

/// `claude (eve on web-1) uses Anthropic API, last seen 2026-11-27T12:00:00Z`
fn caller(turn: &Turn) -> String {
    let service = if turn.service.contains(&turn.vendor) {
        turn.service.clone()
    } else {
        format!("{} {}", turn.vendor, turn.service)
    };
    format!(
        "{} ({} on {}) uses {service}, last seen {:.0}",
        turn.program, turn.user, turn.host, turn.last_seen
    )
}

fn remark(text: &mut String, remarks: &[Fault]) {
    for remark in remarks {
        let _ = writeln!(text, "remark: {remark}");
    }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// `a, b and 3 more`
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
