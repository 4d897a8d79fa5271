//! What a finding was raised for, as a list of names and values.

use crate::findings::{Facts, share};
use crate::pages::format::{bytes, exactly, moment, thousands};

/// Each fact with its unit; none, when nothing is told.
pub(super) fn told(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    if let Some(seen) = &facts.seen {
        told.extend([
            ("Flows", thousands(seen.flows)),
            ("Sent", exactly(seen.bytes_out)),
            ("Received", exactly(seen.bytes_in)),
            ("Users, on their hosts", thousands(seen.users)),
            ("Hosts", thousands(seen.hosts)),
            ("Names", list(&seen.names)),
            ("From", moment(seen.from)),
            ("To", moment(seen.to)),
        ]);
    }
    if let Some(bypass) = &facts.bypass {
        let direct = bypass.direct.then(|| "directly".to_owned());
        let ways: Vec<String> = direct.into_iter().chain(bypass.via.iter().cloned()).collect();
        told.extend([
            ("Rule of the policy", bypass.egress.clone()),
            ("Approved ways", list(&bypass.approved)),
            ("Ways taken", list(&ways)),
        ]);
    }
    if let Some(plan) = &facts.plan {
        told.extend([
            ("Rule of the policy", plan.rule.clone()),
            ("The organisation has", plan.has.clone()),
            ("Personal plan", plan.service.clone()),
        ]);
    }
    if let Some(spike) = &facts.spike {
        told.extend([
            ("Day (UTC)", spike.day.to_string()),
            ("Sent on it", exactly(spike.bytes_out)),
            ("Usual on a day", exactly(spike.usual)),
            (
                "Least and most",
                format!("{} to {}", bytes(spike.least), bytes(spike.most)),
            ),
            ("Days with traffic", format!("{} of the 28 before", spike.days)),
            ("Callers with such a day", thousands(spike.callers)),
        ]);
    }
    if let Some(silence) = &facts.silence {
        told.extend([
            ("Last report", moment(silence.last_report)),
            (
                "Listened since then",
                format!("{} hours", thousands(silence.hours)),
            ),
        ]);
    }
    if let Some(loss) = &facts.loss {
        told.extend([
            ("From", moment(loss.from)),
            ("To", moment(loss.to)),
            (
                "Lost",
                format!("{} ({} %)", thousands(loss.lost), share(loss.lost, loss.flows)),
            ),
            ("Flows told", thousands(loss.flows)),
        ]);
        let causes = loss.causes.iter();
        let causes: Vec<String> = causes
            .map(|(cause, count)| format!("{} {}", cause.replace('_', " "), thousands(*count)))
            .collect();
        told.push(("Lost in all, by cause", list(&causes)));
    }
    if let Some(expiry) = &facts.expiry {
        told.extend([
            ("Sanction", expiry.sanction.clone()),
            ("Makes this", expiry.verdict.to_string()),
            ("Ends", moment(expiry.expires)),
        ]);
    }
    told
}

fn list<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    let items: Vec<&str> = items.into_iter().map(String::as_str).collect();
    if items.is_empty() {
        "none".to_owned()
    } else {
        items.join(", ")
    }
}
