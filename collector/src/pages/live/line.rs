use askama::Template;
use jiff::{SignedDuration, Timestamp};

use crate::labels::Labels;
use crate::pages::format::Time;
use crate::pages::row::Row;
use crate::policy::InForce;
use crate::store::Activity;

/// Activities that are stored so long after they were are said to be late: agents report each minute, and sooner.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// What came, as a row of the table, and what it is found by.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) id: i64,
    /// Of the host.
    pub(super) labels: Labels,
    /// The row, made once for all who watch.
    pub(super) html: String,
    /// In lower case, as are the next three.
    pub(super) vendor: String,
    pub(super) host: String,
    pub(super) user: String,
    /// All that is shown.
    pub(super) text: String,
}

#[derive(Template)]
#[template(path = "line.html")]
struct Shown<'a> {
    row: &'a Row,
    /// When it arrived, if that was late.
    late: Option<Time>,
}

impl Line {
    /// With the verdict of a policy.
    pub(crate) fn of(activity: Activity, policy: &InForce, now: Timestamp) -> Self {
        let lateness = activity.stored.duration_since(activity.used.last_seen);
        let late = (lateness >= LATE).then(|| activity.stored.into());
        let labels = activity.used.labels.clone();
        let row = Row {
            id: format!("a{}", activity.id),
            ..Row::of(activity.used, policy, now)
        };
        let verdict = row.verdict.to_string();
        let text = [
            &row.vendor,
            &row.service,
            &row.kind,
            &row.name,
            &row.program,
            &row.behind,
            &row.user,
            &row.host,
            &verdict,
        ]
        .map(|part| part.to_lowercase());
        Self {
            id: activity.id,
            labels,
            html: Shown { row: &row, late }.render().unwrap_or_else(|error| {
                tracing::error!("a line cannot be shown: {error}");
                String::new()
            }),
            vendor: row.vendor.to_lowercase(),
            host: row.host.to_lowercase(),
            user: row.user.to_lowercase(),
            // What is typed has no line feed.
            text: text.join("\n"),
        }
    }
}
