//! What pages show of the last days.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::access::Scope;
use crate::app::App;
use crate::refusal::Refusal;
use crate::traffic::{Added, DAYS};

/// The days that are shown, the last one is today (UTC).
pub(super) fn days(now: Timestamp) -> Vec<Date> {
    let today = now.to_zoned(TimeZone::UTC).date();
    (0..i64::from(DAYS))
        .rev()
        .map(|back| today.saturating_sub(back.days()))
        .collect()
}

/// What was sent on these days from the hosts of the scope; `None`: it is being added up for the first time.
pub(super) async fn sent(app: &App, scope: &Scope, now: Timestamp) -> Result<Option<Added>, Refusal> {
    let may_be_kept = app.sums.get().await?.is_kept();
    Ok(app.traffic.get(scope, may_be_kept, now).await?)
}
