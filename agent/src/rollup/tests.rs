use proptest::prelude::*;
use umbra_report::{OriginKind, Program, User};

use super::*;

const INTERVAL: Duration = Duration::from_mins(1);

fn activity(uid: u32, time: &str, flows: u64, bytes: u64) -> Activity {
    let program = Program {
        name: "curl".to_owned(),
        exe: None,
        script: None,
        ..Program::default()
    };
    Activity {
        time: time.parse().unwrap(),
        caller: Arc::new(Caller {
            user: User {
                uid,
                ..User::default()
            },
            program,
            container: None,
            unit: None,
        }),
        origin: None,
        vendor: "OpenAI".into(),
        service: "API".into(),
        kind: Kind::Api,
        name: "api.openai.com".into(),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: Route::Direct,
        flows,
        bytes_out: bytes,
        bytes_in: 10 * bytes,
    }
}

#[test]
fn a_sum_has_the_last_origin_that_was_known() {
    let mut rollup = Rollup::new(INTERVAL, 100);
    let start = Instant::now();
    let origin = |kind| Origin {
        kind,
        ..Origin::default()
    };
    for known in [Some(OriginKind::Cron), Some(OriginKind::Ssh), None] {
        let origin = known.map(origin);
        let activity = Activity {
            origin,
            ..activity(1, "2026-11-24T10:00:01Z", 1, 0)
        };
        rollup.add(activity, start);
    }
    let told = rollup.take_all();
    assert_eq!(told.len(), 1, "an origin makes no other caller");
    assert_eq!(told[0].origin, Some(origin(OriginKind::Ssh)));
}

#[test]
fn ways_are_told_apart() {
    let mut rollup = Rollup::new(INTERVAL, 100);
    let start = Instant::now();
    let proxied = Route::through("10.1.2.3:3128".parse().ok());
    for route in [Route::Direct, proxied, Route::Direct] {
        let activity = Activity {
            route,
            ..activity(1, "2026-11-24T10:00:01Z", 1, 5)
        };
        rollup.add(activity, start);
    }
    let told = rollup.take_all();
    let mut ways: Vec<_> = told
        .iter()
        .map(|told| (told.route, told.flows, told.bytes_out))
        .collect();
    ways.sort();
    assert_eq!(ways, [(Some(Route::Direct), 2, 10), (Some(proxied), 1, 5)]);
}

#[test]
fn a_new_caller_is_told_within_a_second_and_so_are_its_first_bytes() {
    let mut rollup = Rollup::new(INTERVAL, 100);
    let start = Instant::now();
    rollup.add(activity(1, "2026-11-24T10:00:01Z", 1, 0), start);
    let due = rollup.due().unwrap();
    assert!(due < start + Duration::from_secs(1));
    assert_eq!(rollup.take_due(start), []);
    let told = rollup.take_due(due);
    assert_eq!((told.len(), told[0].flows, told[0].bytes_out), (1, 1, 0));
    assert_eq!(told[0].minute, "2026-11-24T10:00:00Z".parse().unwrap());

    rollup.add(activity(1, "2026-11-24T10:00:05Z", 0, 7), start);
    let told = rollup.take_due(rollup.due().unwrap());
    assert_eq!(
        (told.len(), told[0].flows, told[0].bytes_out, told[0].bytes_in),
        (1, 0, 7, 70)
    );

    rollup.add(activity(1, "2026-11-24T10:00:06Z", 1, 8), start);
    assert_eq!(rollup.due().unwrap(), start + INTERVAL);
    assert_eq!(rollup.take_due(start + INTERVAL).len(), 1);
    assert_eq!(rollup.due(), None);
}

#[test]
fn news_leaves_the_rest_waiting() {
    let mut rollup = Rollup::new(INTERVAL, 100);
    let start = Instant::now();
    rollup.add(activity(1, "2026-11-24T10:00:01Z", 1, 1), start);
    rollup.take_due(rollup.due().unwrap());
    rollup.add(activity(1, "2026-11-24T10:00:02Z", 1, 1), start);
    rollup.add(activity(2, "2026-11-24T10:00:02Z", 1, 1), start);
    let told = rollup.take_due(rollup.due().unwrap());
    assert_eq!(
        told.iter().map(|told| told.caller.user.uid).collect::<Vec<_>>(),
        [2]
    );
    assert_eq!(rollup.due().unwrap(), start + INTERVAL);
}

#[test]
fn a_caller_is_news_again_after_an_hour_of_silence() {
    let mut rollup = Rollup::new(INTERVAL, 100);
    let start = Instant::now();
    rollup.add(activity(1, "2026-11-24T10:00:01Z", 1, 1), start);
    rollup.take_all();
    let later = start + FORGET_AFTER;
    rollup.add(activity(1, "2026-11-24T11:00:01Z", 1, 0), later);
    assert_eq!(rollup.take_due(later + URGENT_DELAY).len(), 1);
    rollup.add(activity(1, "2026-11-24T11:00:02Z", 0, 1), later);
    assert_eq!(rollup.take_due(later + URGENT_DELAY).len(), 1);
}

#[test]
fn too_many_keys_are_due_at_once() {
    let mut rollup = Rollup::new(INTERVAL, 3);
    let start = Instant::now();
    for uid in 0..3 {
        assert!(!rollup.is_full());
        rollup.add(activity(uid, "2026-11-24T10:00:01Z", 1, 1), start);
    }
    assert!(rollup.is_full());
    assert_eq!(rollup.take_due(start).len(), 3);
    rollup.add(activity(9, "2026-11-24T10:00:01Z", 1, 1), start);
    assert_eq!(rollup.heard.len(), 3);
    assert_eq!(rollup.take_due(start + URGENT_DELAY).len(), 1);
}

proptest! {
    /// Whatever is added comes out, once, and in its minute.
    #[test]
    fn sums_are_kept(steps in prop::collection::vec((0..5_u32, 0..200_i64, 0..2_u64, 0..9_u64, any::<bool>()), 0..80)) {
        let mut rollup = Rollup::new(INTERVAL, 7);
        let start = Instant::now();
        let mut out = Vec::new();
        let mut added = (0, 0, 0);
        for (step, (uid, second, flows, bytes, take)) in steps.into_iter().enumerate() {
            let now = start + Duration::from_secs(step as u64);
            let time = Timestamp::from_second(1_800_000_000 + second).unwrap();
            rollup.add(Activity { time, ..activity(uid, "2026-11-24T10:00:00Z", flows, bytes) }, now);
            added = (added.0 + flows, added.1 + bytes, added.2 + 10 * bytes);
            if take || rollup.is_full() {
                out.extend(rollup.take_due(now));
            }
        }
        out.extend(rollup.take_all());
        let sum = |of: fn(&Observation) -> u64| out.iter().map(of).sum::<u64>();
        prop_assert_eq!((sum(|o| o.flows), sum(|o| o.bytes_out), sum(|o| o.bytes_in)), added);
        for told in &out {
            prop_assert!(told.minute <= told.first_seen && told.first_seen <= told.last_seen);
            prop_assert!(told.last_seen.as_second() < told.minute.as_second() + 60);
            prop_assert_eq!(told.minute.as_second() % 60, 0);
        }
    }
}
