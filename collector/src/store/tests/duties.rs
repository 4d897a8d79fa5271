use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Place, on_both};
use crate::store::Duty;

on_both!(one_collector_has_a_duty_until_it_leaves_it_or_is_gone);

const LEASE: Duration = Duration::from_mins(1);

fn of(holder: u128) -> Duty {
    Duty {
        name: "findings",
        holder: Uuid::from_u128(holder),
    }
}

async fn one_collector_has_a_duty_until_it_leaves_it_or_is_gone(place: Place) {
    let store = place.store().await;
    let begin = Timestamp::now();
    let take = async |holder, second| {
        let now = begin + SignedDuration::from_secs(second);
        store.take_duty(of(holder), now, LEASE).await.expect("the store")
    };
    // Of many at once it is one.
    let all = futures_util::future::join_all((1..=8).map(|holder| take(holder, 0))).await;
    let first = all.iter().position(Option::is_some).expect("one") as u128 + 1;
    assert_eq!(all.iter().flatten().count(), 1);
    let other = first + 1;
    assert_eq!(take(first, 30).await, Some(0), "it keeps it");
    assert!(store.advance_duty(of(first), 7).await.expect("the store"));
    assert_eq!(take(other, 89).await, None);
    assert_eq!(
        take(other, 90).await,
        Some(7),
        "the first has been gone for a minute"
    );
    assert!(
        !store.advance_duty(of(first), 8).await.expect("the store"),
        "it is not its own any more"
    );
    store.leave_duty(of(other)).await.expect("the store");
    assert_eq!(take(first, 91).await, Some(7));
}
