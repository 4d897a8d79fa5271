//! Rules beside the sanctions, in words.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use umbra_policy::Rules;

/// Lists what is different; gives how much.
pub(super) fn changed(text: &mut String, before: &Rules, after: &Rules) -> usize {
    let sorted = |rules: &Rules| {
        let mut rules = rules.clone();
        rules.egress.sort_by(|one, other| one.id.cmp(&other.id));
        rules.plans.sort_by(|one, other| one.id.cmp(&other.id));
        rules
    };
    let changes = list(text, "egress", &egress(before), &egress(after))
        + list(text, "plan", &plans(before), &plans(after));
    if changes == 0 && sorted(before) != sorted(after) {
        text.push_str("  ~ other words or approver of egress or plan\n");
        return 1;
    }
    changes
}

/// All of them.
pub(super) fn shown(text: &mut String, rules: &Rules) {
    for rule in &rules.egress {
        let _ = writeln!(text, "\negress {}: {rule}", rule.id);
        let _ = writeln!(text, "  why       {}\n  approver  {}", rule.reason, rule.approver);
    }
    for plan in &rules.plans {
        let _ = writeln!(text, "\nplan {}: {plan}", plan.id);
        let _ = writeln!(text, "  why       {}\n  approver  {}", plan.reason, plan.approver);
    }
}

/// What each says, by its id.
type Said<'a> = BTreeMap<&'a str, String>;

fn egress(rules: &Rules) -> Said<'_> {
    let rules = rules.egress.iter();
    rules.map(|rule| (rule.id.as_str(), rule.to_string())).collect()
}

fn plans(rules: &Rules) -> Said<'_> {
    let plans = rules.plans.iter();
    plans.map(|plan| (plan.id.as_str(), plan.to_string())).collect()
}

fn list(text: &mut String, what: &str, before: &Said<'_>, after: &Said<'_>) -> usize {
    let mut changes = 0;
    for (id, rule) in after {
        let _ = match before.get(id) {
            Some(was) if was == rule => continue,
            Some(was) => writeln!(text, "  ~ {what} {id}: {rule}\n      was: {was}"),
            None => writeln!(text, "  + {what} {id}: {rule}"),
        };
        changes += 1;
    }
    for (id, rule) in before.iter().filter(|(id, _)| !after.contains_key(*id)) {
        let _ = writeln!(text, "  - {what} {id}: {rule}");
        changes += 1;
    }
    changes
}
