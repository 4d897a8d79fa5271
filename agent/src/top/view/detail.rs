//! All that is known of a row, with nothing cut off.

use std::iter;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};

use super::super::model::{Model, user};
use super::HEAD;
use crate::live::{Used, Word};
use crate::output::plain::{Bytes, printable};

/// The row's fields, each in lines of its own.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(used) = model.chosen() else {
        frame.render_widget(Paragraph::new("the agent has forgotten this row"), area);
        return;
    };
    let lines: Vec<Line<'_>> = iter::once(("verdict", verdict(used, model.word.as_ref())))
        .chain(fields(used))
        .map(|(name, value)| {
            let value = printable(&value).into_owned();
            Line::from(vec![Span::styled(format!("{name:11}"), HEAD), Span::raw(value)])
        })
        .collect();
    let block = Block::bordered().title(format!(" {} ", printable(&used.caller.program.name)));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false }).block(block);
    frame.render_widget(text, area);
}

/// Which sanction gave it, and as of when; or why it is not known.
fn verdict(used: &Used, word: Option<&Word>) -> String {
    let policy = word.and_then(|word| word.policy);
    let (Some(judged), Some(policy)) = (&used.verdict, policy) else {
        let why = word.and_then(|word| word.no_verdicts.as_deref());
        return match why {
            Some(why) => format!("not known: {why}"),
            None if policy.is_some() => "not known yet: the collector is asked".to_owned(),
            None => "not known: no collector has answered".to_owned(),
        };
    };
    let by = match &judged.sanction {
        Some(sanction) => format!("by {sanction}"),
        None => "as nobody has decided".to_owned(),
    };
    format!(
        "{} {by} (policy version {}, asked at {})",
        judged.verdict,
        policy.version,
        policy.time.strftime("%H:%M:%SZ")
    )
}

fn fields(used: &Used) -> Vec<(&'static str, String)> {
    let program = &used.caller.program;
    let mut fields = vec![
        ("vendor", used.vendor.clone()),
        ("service", format!("{} ({})", used.service, used.kind.as_str())),
    ];
    let mut known = |name, value: Option<String>| fields.extend(value.map(|value| (name, value)));
    known("program", program.exe.clone());
    known("script", program.script.clone());
    let package = program.package.as_ref();
    known(
        "package",
        package.map(|package| {
            let version = package.version.as_deref().unwrap_or_default();
            format!("{} {} {version}", package.manager, package.name)
        }),
    );
    known("SHA-256", program.sha256.clone());
    known("user", Some(format!("{} ({})", user(used), used.caller.user.uid)));
    known("unit", used.caller.unit.clone());
    if let Some(container) = &used.caller.container {
        known("container", container.name.clone().or(Some(container.id.clone())));
        known("image", container.image.clone());
        known("pod", container.pod.clone());
        known("namespace", container.namespace.clone());
    }
    if let Some(origin) = &used.origin {
        known("set off by", origin.words());
        let line = origin.ancestors.join(" ← ");
        known("started by", (!line.is_empty()).then_some(line));
    }
    known("last pid", (used.pid != 0).then(|| used.pid.to_string()));
    known(
        "flows",
        Some(format!("{}, {} of them open", used.flows, used.open)),
    );
    known(
        "bytes",
        Some(format!(
            "{} out, {} in",
            Bytes(used.bytes_out),
            Bytes(used.bytes_in)
        )),
    );
    let time = "%Y-%m-%d %H:%M:%SZ";
    known("first seen", Some(used.first_seen.strftime(time).to_string()));
    known("last seen", Some(used.last_seen.strftime(time).to_string()));
    for seen in &used.names {
        known(
            "name",
            Some(format!("{} (by {})", seen.name, seen.evidence.as_str())),
        );
    }
    fields
}
