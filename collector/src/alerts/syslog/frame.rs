use std::fmt::Write as _;

use jiff::Timestamp;

use crate::alerts::{Message, words};
use crate::findings::Severity;
use crate::store::{Alert, Event};

/// Before text in UTF-8 (RFC 5424, section 6.4).
const BOM: &str = "\u{feff}";

/// How messages are written (RFC 5424) and parted (octet counting, RFC 6587, section 3.4.1).
#[derive(Clone, Debug)]
pub(super) struct Frames {
    pub(super) facility: u8,
    /// Private enterprise number of the structured data.
    pub(super) enterprise: u32,
    pub(super) host: String,
}

impl Frames {
    /// A line for each alert, one after the other.
    pub(super) fn of(&self, message: &Message) -> Vec<u8> {
        let mut lines: Vec<String> = message
            .alerts
            .iter()
            .map(|alert| self.alert(alert, message))
            .collect();
        if message.is_test() {
            let data = [("id", message.id.clone()), ("test", "true".to_owned())];
            lines.push(self.line(6, message.time, "test", &data, words::TEST));
        }
        if let Some(omitted) = words::omitted(message) {
            let data = [("omitted", message.omitted.to_string())];
            lines.push(self.line(4, message.time, "omitted", &data, &omitted));
        }
        let framed = lines.iter().map(|line| format!("{} {line}", line.len()));
        framed.collect::<String>().into_bytes()
    }

    fn alert(&self, alert: &Alert, message: &Message) -> String {
        // `notice`, `error` and `warning` (section 6.2.1).
        let (severity, time) = match (alert.event(), alert.severity()) {
            (Event::Ended, _) => (5, alert.decided().unwrap_or(message.time)),
            (Event::Raised, Severity::High) => (3, alert.created()),
            (Event::Raised, Severity::Medium) => (4, alert.created()),
        };
        let data = [
            ("id", alert.delivery.clone()),
            ("event", alert.event().as_str().to_owned()),
            ("finding", alert.finding.to_string()),
            ("kind", alert.kind.clone()),
            ("severity", alert.severity().as_str().to_owned()),
            ("vendor", words::plain(&alert.vendor)),
            ("name", words::plain(&alert.name)),
            ("program", words::plain(&alert.program)),
            ("host", words::plain(&alert.host)),
            (
                "user",
                alert.user_name.as_deref().map(words::plain).unwrap_or_default(),
            ),
            ("page", message.link(alert.finding).into()),
        ];
        self.line(severity, time, &alert.kind, &data, &words::headline(alert))
    }

    fn line(&self, severity: u8, time: Timestamp, id: &str, data: &[(&str, String)], text: &str) -> String {
        let Self {
            facility,
            enterprise,
            host,
        } = self;
        let priority = u16::from(*facility) * 8 + u16::from(severity);
        // MSGID: 32 visible letters at most.
        let id: String = id.chars().filter(char::is_ascii_graphic).take(32).collect();
        let process = std::process::id();
        let mut line =
            format!("<{priority}>1 {time:.3} {host} umbra-collector {process} {id} [umbra@{enterprise}");
        for (name, value) in data {
            // It cannot fail.
            let _ = write!(line, " {name}=\"{}\"", escaped(value));
        }
        // What is ASCII is the same in every encoding, and says so by having no mark.
        let mark = if text.is_ascii() { "" } else { BOM };
        line + "] " + mark + text
    }
}

/// The three characters that a value may not hold as they are (section 6.3.3).
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        if matches!(char, '"' | '\\' | ']') {
            text.push('\\');
        }
        text.push(char);
    }
    text
}
