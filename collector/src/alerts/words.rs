//! What an alert says to people.

use super::Message;
use crate::findings::FindingKind;
use crate::store::{Alert, Event};

/// Characters of a name in a sentence.
const NAME: usize = 120;

/// `Prohibited use: claude talks to OpenAI on web-1 (alice)`, or `Over: …` when it is.
pub(super) fn headline(alert: &Alert) -> String {
    let begin = match alert.event() {
        Event::Raised => capital(&alert.kind.replace('_', " ")),
        Event::Ended => format!("Over: {}", alert.kind.replace('_', " ")),
    };
    if !is_of_program(alert) {
        return format!("{begin}: {}", plain(&alert.explanation()));
    }
    let Alert {
        program,
        vendor,
        host,
        ..
    } = alert;
    let user = alert.user_name.as_deref();
    let user = user.map_or_else(|| format!("uid {}", alert.uid), plain);
    format!(
        "{begin}: {} talks to {} on {} ({user})",
        plain(program),
        plain(vendor),
        plain(host)
    )
}

/// What else a person asks, each with its name.
pub(super) fn facts(alert: &Alert) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Severity", alert.severity().as_str().to_owned())];
    let is_plain = matches!(
        FindingKind::of(&alert.kind),
        Some(FindingKind::NewCaller | FindingKind::ProhibitedUse)
    );
    if !is_plain {
        // More than that somebody talks to somebody.
        let explanation: String = alert
            .explanation()
            .chars()
            .filter(|char| !char.is_control())
            .collect();
        facts.push(("Why", explanation));
    }
    if is_of_program(alert) {
        let service = format!("{} ({})", plain(&alert.service), plain(&alert.name));
        facts.extend([("Service", service), ("Verdict", verdict(alert))]);
    }
    let runs = alert.script.as_deref().or(alert.exe.as_deref());
    if let Some(runs) = runs {
        facts.push(("Runs", plain(runs)));
    }
    if let Some(image) = alert.image.as_deref() {
        facts.push(("Image", plain(image)));
    }
    if let Some(unit) = alert.unit.as_deref() {
        facts.push(("Unit", plain(unit)));
    }
    facts.push(("First seen", format!("{:.0}", alert.first_seen())));
    if alert.event() == Event::Ended {
        let by = alert.decided_by.as_deref().map(plain).unwrap_or_default();
        let reason = alert.decided_reason.as_deref().map(plain).unwrap_or_default();
        facts.push(("Now", format!("{} by {by}: {reason}", alert.state())));
    }
    facts
}

/// Whether there is a program that talks to a vendor.
fn is_of_program(alert: &Alert) -> bool {
    FindingKind::of(&alert.kind).is_none_or(FindingKind::is_of_program)
}

/// What a message says above its alerts.
pub(super) fn subject(message: &Message) -> String {
    match &message.alerts[..] {
        [] => "Umbra: a test of this route".to_owned(),
        [alert] => format!("Umbra, {}: {}", alert.severity().as_str(), headline(alert)),
        alerts => {
            let worst = alerts
                .iter()
                .map(Alert::severity)
                .max()
                .unwrap_or(alerts[0].severity());
            format!("Umbra, up to {}: {} alerts", worst.as_str(), alerts.len())
        }
    }
}

/// What a test says.
pub(super) const TEST: &str =
    "Somebody has asked the collector to try this route. Nothing has been found; there is nothing to do.";

/// What became of alerts that waited for too long.
pub(super) fn omitted(message: &Message) -> Option<String> {
    let since = message.omitted_since.map(|time| format!(" since {time:.0}"));
    let count = message.omitted;
    (count > 0).then(|| {
        format!(
            "{count} older alerts{} are left out, as they waited for too long; the page has them: {}",
            since.unwrap_or_default(),
            message.page
        )
    })
}

fn verdict(alert: &Alert) -> String {
    let verdict = alert.verdict();
    match &alert.sanction {
        Some(sanction) => format!("{verdict} by the sanction {}", plain(sanction)),
        None => verdict.to_string(),
    }
}

/// Without what cannot be seen, and cut.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(NAME)
        .collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}
