use std::sync::Arc;

use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Program, Protocol, Route, User};

use super::*;

fn caller(program: &str) -> Arc<Caller> {
    Arc::new(Caller {
        user: User::default(),
        program: Program {
            name: program.to_owned(),
            ..Program::default()
        },
        container: None,
        unit: None,
    })
}

fn activity(bytes_out: u64) -> Activity {
    Activity {
        time: Timestamp::UNIX_EPOCH,
        caller: caller("early"),
        origin: None,
        vendor: "OpenAI".into(),
        service: "API".into(),
        kind: Kind::Api,
        name: "api.openai.com".into(),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: Route::Direct,
        flows: 1,
        bytes_out,
        bytes_in: 0,
    }
}

/// Programs and bytes.
fn of(activities: &[Activity]) -> Vec<(&str, u64)> {
    activities
        .iter()
        .map(|it| (it.caller.program.name.as_str(), it.bytes_out))
        .collect()
}

#[test]
fn what_is_settled_goes_with_its_caller_and_the_rest_after_a_while() {
    let (mut held, now) = (Held::default(), Instant::now());
    for number in [1, 2] {
        assert_eq!(held.hold(activity(number), number, now), None);
    }
    let settle = |number: &mut u64, activity: &mut Activity| {
        if *number == 2 {
            activity.caller = caller("late");
        }
        *number == 2
    };
    assert_eq!(of(&held.release(now, settle)), [("late", 2)]);
    assert_eq!(of(&held.release(now + PATIENCE / 2, settle)), []);
    assert_eq!(of(&held.release(now + PATIENCE, settle)), [("early", 1)]);
    assert_eq!(of(&held.release(now + PATIENCE, settle)), []);
}

#[test]
fn memory_is_bounded_and_nothing_is_lost() {
    let (mut held, now) = (Held::default(), Instant::now());
    let went: Vec<_> = (0..2 * ACTIVITIES_MAX as u64)
        .filter_map(|number| held.hold(activity(number), (), now))
        .collect();
    assert_eq!(went.len(), ACTIVITIES_MAX);
    assert_eq!(went[0].bytes_out, 0);
    assert_eq!(held.release(now + PATIENCE, |(), _| false).len(), ACTIVITIES_MAX);
}
