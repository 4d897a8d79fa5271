//! What pages show of the last days.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::access::Scope;
use crate::app::App;
use crate::refusal::Refusal;
use crate::store::VendorTraffic;
use crate::traffic::DAYS;

/// The days that are shown, the last one is today (UTC).
pub(super) fn days(now: Timestamp) -> Vec<Date> {
    let today = now.to_zoned(TimeZone::UTC).date();
    (0..i64::from(DAYS))
        .rev()
        .map(|back| today.saturating_sub(back.days()))
        .collect()
}

/// What was sent on these days from the hosts of the scope; the whole fleet's may be a minute old, if it `may_be_kept`.
pub(super) async fn sent(
    app: &App,
    scope: &Scope,
    may_be_kept: bool,
    now: Timestamp,
) -> Result<Arc<Vec<VendorTraffic>>, Refusal> {
    Ok(if scope.is_all() {
        app.traffic.get(&app.store, may_be_kept, now).await?
    } else {
        Arc::new(app.store.traffic(scope, DAYS, now).await?)
    })
}
