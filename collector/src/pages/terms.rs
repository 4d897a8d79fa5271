//! What is typed of a sanction, whatever it is about.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use umbra_policy::{DataClass, Pattern, Sanction, Scope, Verdict};

use crate::refusal::Refusal;
use crate::store::Use;

/// Classes of data that every policy has.
pub(super) const CLASSES: [&str; 4] = ["public", "internal", "confidential", "restricted"];
/// Characters of a name that is made here, with room for a number.
const NAME: usize = 58;

/// `terms.html`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Terms {
    pub(super) data: String,
    pub(super) reason: String,
    /// A day, as whose beginning (UTC) it ends.
    pub(super) until: String,
    pub(super) ticket: String,
}

impl Terms {
    /// A sanction with these terms; what is prohibited may send no data.
    pub(super) fn sanction(
        &self,
        verdict: Verdict,
        id: &str,
        scope: Scope,
        actor: &str,
    ) -> Result<Sanction, Refusal> {
        let data = DataClass::from(self.data.clone());
        Ok(Sanction {
            id: id.trim().to_owned(),
            verdict,
            scope,
            data: (verdict == Verdict::Sanctioned).then_some(data),
            // Browsers send lines of a text apart by CR LF.
            reason: self.reason.replace("\r\n", "\n").trim().to_owned(),
            approver: actor.to_owned(),
            expires: self.expires()?,
            ticket: Some(self.ticket.trim().to_owned()).filter(|ticket| !ticket.is_empty()),
        })
    }

    fn expires(&self) -> Result<Option<Timestamp>, Refusal> {
        if self.until.is_empty() {
            return Ok(None);
        }
        let day = self.until.parse::<Date>().ok();
        let begin = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        let begin = begin
            .ok_or_else(|| Refusal::bad("the day until which it is to hold is not one such as 2027-06-30"))?;
        Ok(Some(begin.timestamp()))
    }
}

/// The program of a row with a vendor, of everybody or of its user alone.
pub(super) fn scope(used: &Use, vendor: &str, is_of_user: bool) -> Result<Scope, Refusal> {
    // A pseudonym means nothing to a policy.
    let real = used.real();
    let pattern = |of: &str, text: &str| {
        let pattern = text.parse::<Pattern>();
        pattern.map_err(|error| Refusal::bad(format!("the {of}’s name {error}")))
    };
    // A star in a policy stands for anything, and whoever made the program called it so.
    if real.program.contains('*') {
        return Err(Refusal::bad(
            "a program with a star in its name is decided about in the policy’s text alone",
        ));
    }
    let whom = match (is_of_user, &real.user_name) {
        (false, _) => None,
        (true, Some(name)) if !name.contains('*') => Some(pattern("user", name)?),
        (true, _) => {
            return Err(Refusal::bad(
                "a sanction is for users with a name, without a star in it, and this is none",
            ));
        }
    };
    Ok(Scope {
        vendor: Some(vendor.to_owned()),
        program: Some(pattern("program", &real.program)?),
        user: whom,
        ..Scope::default()
    })
}

/// What a sanction of a row's program with its vendor may be called: `claude-openai`.
pub(super) fn called(used: &Use) -> String {
    let file = used.program.rsplit(['/', ' ']).next().unwrap_or_default();
    let name = format!("{file}-{}", used.vendor).to_lowercase();
    let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
    let name: String = name.chars().map(plain).take(NAME).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "sanction" } else { name }.to_owned()
}
