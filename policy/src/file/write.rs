//! A sanction as the file has it, to be put at the end of one.

use std::fmt::Write as _;

use crate::sanction::Sanction;
use crate::verdict::Verdict;

/// The table of a sanction, which may follow the last line of any file.
///
/// What is about a user's own words is written by the TOML library, so that no text can end the one that it stands in.
pub(super) fn table(sanction: &Sanction) -> String {
    let mut text = String::from("\n[[sanction]]\n");
    let mut put = |key: &str, value: &str| {
        let _ = writeln!(text, "{key} = {}", toml::Value::from(value));
    };
    put("id", &sanction.id);
    put("verdict", sanction.verdict.as_str());
    for condition in sanction.scope.conditions() {
        put(condition.key, condition.value);
    }
    if let Some(data) = sanction
        .data
        .as_ref()
        .filter(|_| sanction.verdict == Verdict::Sanctioned)
    {
        put("data", data.as_str());
    }
    put("reason", &sanction.reason);
    put("approver", &sanction.approver);
    if let Some(expires) = sanction.expires {
        // A text: TOML's own times have a form of their own for fractions.
        put("expires", &expires.to_string());
    }
    if let Some(ticket) = &sanction.ticket {
        put("ticket", ticket);
    }
    text
}

#[cfg(test)]
mod tests;
