use std::collections::BTreeMap;

use umbra_policy::Change;

/// What changes would end that somebody approved by request, each with the request's number: `requested` is by sanction.
pub(crate) fn dropped(changes: &[Change<'_>], requested: &BTreeMap<String, i64>) -> Option<String> {
    let dropped: Vec<_> = changes
        .iter()
        .filter(|change| matches!(change, Change::Removed(_)))
        .filter_map(|change| {
            Some(format!(
                "{} (request {})",
                change.id(),
                requested.get(change.id())?
            ))
        })
        .collect();
    (!dropped.is_empty()).then(|| dropped.join(", "))
}
