//! A person's name, wherever it stands in what the store keeps, and the pseudonym that takes its place.

/// A user's name that is to go, and what stands in its place from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudonym {
    name: String,
    instead: String,
}

/// A name that cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPseudonym {
    /// Everything and nothing.
    #[error("give the user's name, without spaces and slashes")]
    Name,
    /// One that was not made here may be somebody's name.
    #[error("a pseudonym is `person-` and 1 to 32 of 0-9 and a-f, as an earlier run printed it")]
    Pseudonym,
}

impl Pseudonym {
    /// What stands before the digits.
    const PREFIX: &str = "person-";

    /// A pseudonym that was made by chance: nothing leads back from it. `again` is one of an earlier run, to go on with it.
    pub fn of(name: &str, again: Option<String>) -> Result<Self, NoPseudonym> {
        let is_name = !name.is_empty()
            && name.len() <= umbra_report::limits::LABEL
            && !name.contains(|char: char| char == '/' || char.is_whitespace() || char.is_control())
            && !name.starts_with(Self::PREFIX);
        if !is_name {
            return Err(NoPseudonym::Name);
        }
        let is_ours = |again: &String| {
            let digits = again.strip_prefix(Self::PREFIX).unwrap_or_default();
            (1..=32).contains(&digits.len())
                && digits
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if again.as_ref().is_some_and(|again| !is_ours(again)) {
            return Err(NoPseudonym::Pseudonym);
        }
        let instead = again.unwrap_or_else(|| {
            let digits = uuid::Uuid::new_v4().simple().to_string();
            format!("{}{}", Self::PREFIX, &digits[..12])
        });
        Ok(Self {
            name: name.to_owned(),
            instead,
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What takes its place.
    pub fn instead(&self) -> &str {
        &self.instead
    }

    /// Whether a text is the name, whatever its case: people and search write it either way.
    pub fn is(&self, text: &str) -> bool {
        text.to_lowercase() == self.name.to_lowercase()
    }

    /// The text without the name; `None`: it is not in it. It is where no letter, digit or `_` is beside it, nor a `-` or `.`
    /// that goes on to one: in `/home/eve/bot`, `backup@eve.service` and `eve: stop it`, not in `evening` and `eve-2`.
    pub fn without(&self, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let name = self.name.to_lowercase();
        // Lower case may be longer, and its places then others: such a text is searched as it is.
        let (searched, name) = if lower.len() == text.len() {
            (lower.as_str(), name.as_str())
        } else {
            (text, self.name.as_str())
        };
        let mut result = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(place) = searched[from..].find(name) {
            let (begin, end) = (from + place, from + place + name.len());
            if is_apart(&searched[..begin], &searched[end..]) {
                result += &text[done..begin];
                result += &self.instead;
                done = end;
            }
            from = end;
        }
        (done > 0).then(|| result + &text[done..])
    }
}

/// What systemd adds to a name, as to that of an instance: `backup@eve.service`.
const SUFFIXES: [&str; 5] = [".service", ".scope", ".slice", ".socket", ".timer"];

/// Whether what stands between these two is a word of its own.
fn is_apart(before: &str, after: &str) -> bool {
    let is_word = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let joins = |first: Option<char>, second: Option<char>| {
        is_word(first) || (matches!(first, Some('-' | '.')) && is_word(second))
    };
    let (mut back, mut on) = (before.chars().rev(), after.chars());
    let is_instance = before.ends_with('@') && SUFFIXES.iter().any(|suffix| after.starts_with(suffix));
    !joins(back.next(), back.next()) && (is_instance || !joins(on.next(), on.next()))
}

#[cfg(test)]
mod tests;
