use std::collections::BTreeMap;

use crate::sanction::Sanction;

/// What becomes of a sanction when one set of them takes the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// There was none of this id.
    Added(&'a Sanction),
    /// It says something else: before, and then.
    Changed(&'a Sanction, &'a Sanction),
    /// There is none of this id any more.
    Removed(&'a Sanction),
}

impl Change<'_> {
    /// The id of the sanction.
    pub fn id(&self) -> &str {
        match self {
            Self::Added(sanction) | Self::Changed(_, sanction) | Self::Removed(sanction) => &sanction.id,
        }
    }
}

/// What is different, by ids. What says the same in another place of the file is no change.
pub fn difference<'a>(before: &'a [Sanction], after: &'a [Sanction]) -> Vec<Change<'a>> {
    let by_id = |sanctions: &'a [Sanction]| -> BTreeMap<&'a str, &'a Sanction> {
        sanctions
            .iter()
            .map(|sanction| (sanction.id.as_str(), sanction))
            .collect()
    };
    let (before, after) = (by_id(before), by_id(after));
    let mut changes: Vec<Change<'a>> = after
        .iter()
        .filter_map(|(id, then)| match before.get(id) {
            None => Some(Change::Added(then)),
            Some(now) if now != then => Some(Change::Changed(now, then)),
            Some(_) => None,
        })
        .collect();
    let removed = before.iter().filter(|(id, _)| !after.contains_key(*id));
    changes.extend(removed.map(|(_, sanction)| Change::Removed(sanction)));
    changes.sort_by(|one, other| one.id().cmp(other.id()));
    changes
}

#[cfg(test)]
mod tests;
