use proptest::prelude::*;

use super::*;

const TODAY: i64 = 20_000;
const MB: u64 = 1_000_000;

/// The 28 days before, the last one first.
fn days(bytes: impl Fn(i64) -> u64) -> Vec<(i64, u64)> {
    (1..=BACK).map(|back| (TODAY - back, bytes(back))).collect()
}

/// Deterministic noise of a day, from 0 to `below`.
fn noise(seed: u64, day: i64, below: u64) -> u64 {
    let mixed = (seed ^ day.unsigned_abs()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 33) % below.max(1)
}

#[test]
fn a_spike_is_told_with_what_is_usual() {
    let history = days(|back| match back {
        3 => 4 * MB,
        9 => MB,
        _ => 23 * MB / 10,
    });
    let usual = spike(TODAY, 48 * MB, &history).expect("a spike");
    assert_eq!(
        usual,
        Usual {
            median: 23 * MB / 10,
            least: MB,
            most: 4 * MB,
            days: 28
        }
    );
    assert_eq!(
        spike(TODAY, 11 * MB, &history),
        None,
        "less than five times as much"
    );
}

#[test]
fn a_new_caller_has_none() {
    let mut history: Vec<_> = (1..=6).map(|back| (TODAY - back, MB)).collect();
    assert_eq!(spike(TODAY, 1_000_000 * MB, &history), None);
    assert_eq!(spike(TODAY, 1_000_000 * MB, &[]), None);
    // A seventh day that was long ago, or the day itself, is no habit.
    history.push((TODAY - 29, MB));
    history.push((TODAY, MB));
    assert_eq!(spike(TODAY, 1_000_000 * MB, &history), None);
    history.push((TODAY - 7, MB));
    assert!(spike(TODAY, 1_000_000 * MB, &history).is_some());
}

#[test]
fn what_runs_once_a_week_is_one_the_first_time_alone() {
    let weekly = |weeks: i64| {
        days(move |back| {
            if back % 7 == 0 && back / 7 <= weeks {
                900 * MB
            } else {
                2 * MB
            }
        })
    };
    assert!(spike(TODAY, 900 * MB, &weekly(0)).is_some());
    for weeks in 1..=4 {
        assert_eq!(spike(TODAY, 900 * MB, &weekly(weeks)), None, "{weeks}");
    }
    assert!(spike(TODAY, 1800 * MB, &weekly(4)).is_some(), "twice the habit");
}

#[test]
fn one_large_day_does_not_hide_the_next() {
    let history = days(|back| if back == 2 { 500 * MB } else { 3 * MB });
    assert!(spike(TODAY, 100 * MB, &history).is_some());
}

proptest! {
    /// However much it is.
    #[test]
    fn what_is_always_the_same_is_none(bytes in 1..1_000_000 * MB) {
        prop_assert_eq!(spike(TODAY, bytes, &days(|_| bytes)), None);
    }

    /// Days on which nothing runs say nothing.
    #[test]
    fn gaps_make_none(bytes in 1..100_000 * MB, there in prop::collection::vec(any::<bool>(), 28), seed: u64) {
        let history: Vec<_> = days(|back| bytes + noise(seed, back, bytes))
            .into_iter()
            .zip(there)
            .map(|((day, bytes), there)| (day, if there { bytes } else { 0 }))
            .collect();
        prop_assert_eq!(spike(TODAY, bytes + noise(seed, 0, bytes), &history), None);
    }

    /// Whichever the days of the week on which there is much, and the weekday of today.
    #[test]
    fn weeks_make_none(week in prop::collection::vec(0..10_000 * MB, 7), seed: u64) {
        let usual = |back: i64| week[usize::try_from((-back).rem_euclid(7)).expect("a weekday")];
        let sent = |back: i64| usual(back) + noise(seed, back, usual(back) / 2);
        prop_assert_eq!(spike(TODAY, sent(0), &days(sent)), None);
    }

    /// By up to a tenth a day, which is thirteen times as much after four weeks.
    #[test]
    fn slow_growth_makes_none(bytes in 1_u32..1_000_000_000, rate in 1.0..1.1_f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and positive")]
        let sent = |back: i64| (f64::from(bytes) * rate.powi(28 - i32::try_from(back).expect("a day"))) as u64;
        prop_assert_eq!(spike(TODAY, sent(0), &days(sent)), None);
    }

    /// Whatever the level, the noise and the gaps, as long as there are seven days.
    #[test]
    fn a_planted_one_is_found(
        bytes in MB..1_000 * MB,
        seed: u64,
        mut there in prop::collection::vec(any::<bool>(), 28),
        factor in 30..1000_u64,
    ) {
        there[..8].fill(true);
        let history: Vec<_> = days(|back| bytes + noise(seed, back, bytes))
            .into_iter()
            .zip(there)
            .filter_map(|(day, there)| there.then_some(day))
            .collect();
        let usual = spike(TODAY, bytes * factor, &history);
        let usual = usual.expect("a spike");
        prop_assert!(usual.least <= usual.median && usual.median <= usual.most);
        prop_assert_eq!(usual.days, history.len());
    }

    /// More is never less of a spike.
    #[test]
    fn more_is_one_all_the_more(history in prop::collection::vec(0..1_000 * MB, 28), sent: u64, more: u64) {
        let history = days(|back| history[usize::try_from(back - 1).expect("a day")]);
        if spike(TODAY, sent, &history).is_some() {
            prop_assert!(spike(TODAY, sent.saturating_add(more), &history).is_some());
        }
    }
}
