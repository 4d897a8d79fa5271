use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn counts_have_a_comma_at_each_thousand() {
    for (count, text) in [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (12_345, "12,345"),
        (1_000_000, "1,000,000"),
        (u64::MAX, "18,446,744,073,709,551,615"),
    ] {
        assert_eq!(thousands(count), text);
    }
}

#[test]
fn bytes_have_a_unit_and_few_digits() {
    for (count, text) in [
        (0, "0 B"),
        (1, "1 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1536, "1.5 kB"),
        (9_999, "9.9 kB"),
        (10_000, "10 kB"),
        (999_999, "999 kB"),
        (1_000_000, "1.0 MB"),
        (1_000_000_000, "1.0 GB"),
        (1_000_000_000_000, "1.0 TB"),
        (1_000_000_000_000_000, "1.0 PB"),
        (u64::MAX, "18446 PB"),
    ] {
        assert_eq!(bytes(count), text);
    }
}

#[test]
fn times_say_their_zone_and_ages_their_unit() {
    let now: Timestamp = "2026-11-24T10:15:03.999Z".parse().expect("a time");
    let time = Time::from(now);
    assert_eq!(
        (time.date.as_str(), time.clock.as_str()),
        ("2026-11-24", "10:15:03 UTC")
    );
    assert_eq!(time.whole, "2026-11-24T10:15:03.999Z");
    for (seconds, text) in [
        (0, "just now"),
        (9, "just now"),
        (10, "10 s ago"),
        (59, "50 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (400 * 86_400, "400 d ago"),
    ] {
        assert_eq!(ago(now - Duration::from_secs(seconds), now), text);
    }
    assert_eq!(
        ago(now + Duration::from_mins(1), now),
        "just now",
        "a clock that runs ahead"
    );
}

proptest! {
    #[test]
    fn what_is_shown_is_at_most_one_step_below_the_truth(count: u64) {
        let text = bytes(count);
        let (number, unit) = text.split_once(' ').expect("a unit");
        let place = ["B", "kB", "MB", "GB", "TB", "PB"].iter().position(|known| *known == unit);
        let scale = 1000_u128.pow(u32::try_from(place.expect("a known unit")).expect("small"));
        let tenths: u128 = match number.split_once('.') {
            Some((whole, tenth)) => whole.parse::<u128>().expect("digits") * 10 + tenth.parse::<u128>().expect("a digit"),
            None => number.parse::<u128>().expect("digits") * 10,
        };
        let step = if number.contains('.') || unit == "B" { 1 } else { 10 };
        prop_assert!(tenths * scale <= u128::from(count) * 10, "{text} is more than {count}");
        prop_assert!(u128::from(count) * 10 < (tenths + step) * scale || unit == "B", "{text} is far below {count}");
        prop_assert!(number.len() <= 3 || unit == "PB");
    }

    #[test]
    fn commas_are_the_only_thing_added(count: u64) {
        prop_assert_eq!(thousands(count).replace(',', ""), count.to_string());
    }
}
