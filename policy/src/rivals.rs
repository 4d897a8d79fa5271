use jiff::Timestamp;

use crate::sanction::Sanction;

/// Two sanctions that say different things and may cover the same subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rivals<'a> {
    /// The one that counts where both cover a subject: the stricter.
    pub counts: &'a Sanction,
    /// The other.
    pub other: &'a Sanction,
    /// Whether they are about the same thing, so that the other never counts: somebody meant one of them otherwise.
    pub contradict: bool,
}

/// Pairs of which neither is narrower, of those that hold at the time.
pub fn rivals(sanctions: &[Sanction], time: Timestamp) -> Vec<Rivals<'_>> {
    let hold: Vec<_> = sanctions
        .iter()
        .filter(|sanction| sanction.holds_at(time))
        .collect();
    let mut found = Vec::new();
    for (place, one) in hold.iter().enumerate() {
        for other in &hold[place + 1..] {
            let (within, contains) = (
                one.scope.is_within(&other.scope),
                other.scope.is_within(&one.scope),
            );
            if one.verdict == other.verdict || within != contains || one.scope.is_apart_from(&other.scope) {
                continue;
            }
            let (counts, other) = if one.verdict < other.verdict {
                (*one, *other)
            } else {
                (*other, *one)
            };
            found.push(Rivals {
                counts,
                other,
                contradict: within,
            });
        }
    }
    found
}
