//! Callers of one vendor at the same moment stay apart.

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::bed::Run;
use umbra_tests::clients::{Call, Tool, named};
use umbra_tests::skip::spared;

use crate::expect::{agreement, check};
use crate::names::{ANTHROPIC, Known, OPENAI, bed};

/// A user without an account.
const NOBODY_IN_PARTICULAR: u32 = 12345;

#[test]
fn two_programs_and_two_users_stay_apart() {
    let parties = [
        ("curl", 0),
        ("curl", NOBODY_IN_PARTICULAR),
        ("wget", 0),
        ("wget", NOBODY_IN_PARTICULAR),
    ];
    let calls = parties.map(|(client, uid)| (named(client), OPENAI, uid));
    at_once(&calls);
}

#[test]
fn twenty_mixed_callers_stay_apart() {
    if spared("twenty callers") {
        return;
    }
    let calls: Vec<_> = (0..20)
        .map(|turn| {
            // Only what every user may read and run is run as another user.
            let (client, uid) = match turn % 5 {
                0 => ("curl", 0),
                1 => ("wget", NOBODY_IN_PARTICULAR),
                2 => ("openssl", 0),
                3 => ("curl", NOBODY_IN_PARTICULAR + turn),
                _ => ("rustls", 0),
            };
            (named(client), if turn % 2 == 0 { OPENAI } else { ANTHROPIC }, uid)
        })
        .collect();
    at_once(&calls);
}

/// Makes the calls so that all of them are open together, and checks each.
fn at_once(calls: &[(Tool, Known, u32)]) {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let path = |turn: usize| format!("/slow/2/{}/{turn}", 100 + turn);
    let mut runs: Vec<Run> = Vec::new();
    for (turn, (tool, known, uid)) in calls.iter().enumerate() {
        let path = path(turn);
        let call = Call {
            uid: Some(*uid).filter(|uid| *uid != 0),
            ..Call::to(known.name, &path)
        };
        runs.push(bed.start(tool, &call));
    }
    runs.iter_mut().for_each(Run::succeed);

    for (turn, (run, (tool, known, uid))) in runs.iter().zip(calls).enumerate() {
        let flows = agreement(
            &agent,
            &bed,
            |event| event.process.pid == run.process.pid(),
            |truth| truth.path.as_ref() == Some(&path(turn)),
        );
        assert_eq!(flows.len(), 1, "{flows:?}");
        check(&flows[0], known, tool, run, &bed, *uid);
    }
    assert!(agent.stop().success());
}
