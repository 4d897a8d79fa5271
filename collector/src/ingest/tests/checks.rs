use std::time::Duration;

use axum::http::StatusCode;
use proptest::prelude::*;
use umbra_report::{Container, Gap, Observation, Package, Record, RecordBody, Report, limits};

use super::super::*;
use crate::made_up::{Spool, call};

/// What `check` says of a report of one call, after this change.
fn checked(change: impl FnOnce(&mut Report)) -> Result<(Report, u64), String> {
    let mut report = Spool::of("web-1").report(vec![call("alice", "curl")]);
    change(&mut report);
    let corrected = check(&mut report, Timestamp::now()).map_err(|refusal| {
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
        refusal.error().to_owned()
    })?;
    Ok((report, corrected))
}

fn observation(report: &mut Report) -> &mut Observation {
    match &mut report.records[0].body {
        RecordBody::Observation(observation) => observation,
        RecordBody::Gap(_) => panic!("a gap"),
    }
}

#[test]
fn words_are_taken_up_to_their_limit_and_refused_beyond() {
    type Field = fn(&mut Report) -> &mut String;
    let fields: [(&str, Field, usize); 7] = [
        ("agent.host", |report| &mut report.agent.host, limits::HOST),
        ("agent.version", |report| &mut report.agent.version, limits::WORD),
        ("agent.kernel", |report| &mut report.agent.kernel, limits::WORD),
        (
            "agent.machine_id",
            |report| report.agent.machine_id.get_or_insert_default(),
            limits::WORD,
        ),
        ("vendor", |report| &mut observation(report).vendor, limits::WORD),
        ("service", |report| &mut observation(report).service, limits::WORD),
        ("name", |report| &mut observation(report).name, limits::NAME),
    ];
    for (name, field, limit) in fields {
        let set = |length| checked(|report| *field(report) = "x".repeat(length));
        assert!(set(1).is_ok() && set(limit).is_ok(), "{name}");
        for length in [0, limit + 1] {
            let error = set(length).expect_err(name);
            assert!(
                error.contains(name) && error.contains(&limit.to_string()),
                "{error}"
            );
        }
        let (mut report, _) = checked(|report| *field(report) = "a\u{1b}[2J\nb".to_owned()).expect(name);
        assert_eq!(
            field(&mut report).to_lowercase(),
            "a\u{fffd}[2j\u{fffd}b",
            "{name}"
        );
    }
}

#[test]
fn counts_are_taken_up_to_their_limit_and_refused_beyond() {
    type Change = fn(&mut Observation);

    let most = checked(|report| {
        let observation = observation(report);
        observation.flows = limits::FLOWS;
        observation.bytes_out = limits::TRAFFIC;
        observation.bytes_in = limits::TRAFFIC;
    });
    assert!(most.is_ok());
    let beyond: [(&str, Change); 3] = [
        ("record 1: flows is", |call| call.flows = limits::FLOWS + 1),
        ("record 1: bytes_out is", |call| {
            call.bytes_out = limits::TRAFFIC + 1;
        }),
        ("record 1: bytes_in is", |call| {
            call.bytes_in = limits::TRAFFIC + 1;
        }),
    ];
    for (part, change) in beyond {
        let error = checked(|report| change(observation(report))).expect_err(part);
        assert!(error.starts_with(part), "{error}");
    }
}

#[test]
fn a_report_holds_so_many_records_and_causes() {
    let records = |count: usize| {
        let mut report = Spool::of("web-1").report(vec![call("alice", "curl"); count]);
        check(&mut report, Timestamp::now())
    };
    assert!(records(limits::RECORDS).is_ok());
    assert!(
        records(limits::RECORDS + 1)
            .expect_err("too many")
            .error()
            .contains("10000 records")
    );

    let causes = |count: usize, length: usize| {
        checked(|report| {
            report.status.losses = (0..count)
                .map(|number| (format!("{number:0length$}"), u64::MAX))
                .collect();
        })
    };
    let (report, _) = causes(limits::LOSS_CAUSES, limits::LOSS_CAUSE).expect("the most");
    assert!(
        report.status.losses.values().all(|count| *count <= 1 << 48),
        "sums stay integers"
    );
    assert!(causes(limits::LOSS_CAUSES + 1, 3).is_err());
    assert!(causes(1, limits::LOSS_CAUSE + 1).is_err());
    for cause in ["", "Ring", "ring-full", "ring full", "ring\n", "é"] {
        let refused = checked(|report| report.status.losses.extend([(cause.to_owned(), 1)]));
        assert!(refused.is_err(), "{cause:?}");
    }
}

#[test]
fn numbers_begin_at_one_and_rise() {
    let sequences = |numbers: &[u64]| {
        checked(|report| {
            let record = report.records[0].clone();
            report.records = numbers
                .iter()
                .map(|&sequence| Record {
                    sequence,
                    ..record.clone()
                })
                .collect();
        })
    };
    for good in [&[][..], &[1], &[7, 8, 9], &[1, 1 << 48]] {
        assert!(sequences(good).is_ok(), "{good:?}");
    }
    for bad in [&[0][..], &[1, 1], &[2, 1], &[(1 << 48) + 1], &[u64::MAX]] {
        assert!(sequences(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_gap_ends_at_its_own_number() {
    let gap = |from, records| {
        checked(|report| {
            let (first_seen, last_seen) = (Timestamp::now(), Timestamp::now());
            report.records[0].sequence = 9;
            report.records[0].body = RecordBody::Gap(Gap {
                from,
                records,
                first_seen,
                last_seen,
            });
        })
    };
    assert!(gap(1, 9).is_ok() && gap(9, 1).is_ok());
    for (from, records) in [(0, 9), (10, 1), (1, (1 << 48) + 1)] {
        assert!(gap(from, records).is_err(), "{from} {records}");
    }
}

#[test]
fn a_clock_is_believed_within_ten_minutes_and_400_days() {
    let received: Timestamp = "2026-11-24T10:15:03Z".parse().expect("a time");
    let (minutes, days) = (Duration::from_mins(10), Duration::from_hours(400 * 24));
    let step = Duration::from_millis(1);
    for (time, believed) in [
        (received, true),
        (received + minutes, true),
        (received + minutes + step, false),
        (received - days, true),
        (received - days - step, false),
        (Timestamp::MIN, false),
        (Timestamp::MAX, false),
    ] {
        let mut report = Spool::of("web-1").report(vec![call("alice", "curl")]);
        report.status.started = received;
        let observation = observation(&mut report);
        (observation.minute, observation.first_seen, observation.last_seen) = (time, received, received);
        assert_eq!(
            check(&mut report, received).expect("a good report"),
            u64::from(!believed),
            "{time}"
        );
        assert_eq!(minute(&mut report), if believed { time } else { received });
    }
}

fn minute(report: &mut Report) -> Timestamp {
    observation(report).minute
}

#[test]
fn times_that_a_clock_set_back_turned_round_are_put_right() {
    let (early, late) = (Timestamp::now() - Duration::from_secs(9), Timestamp::now());
    let (mut report, corrected) = checked(|report| {
        observation(report).first_seen = late;
        observation(report).last_seen = early;
    })
    .expect("a good report");
    assert_eq!(
        (
            observation(&mut report).first_seen,
            observation(&mut report).last_seen
        ),
        (early, late)
    );
    assert_eq!(corrected, 0);
}

#[test]
fn a_program_without_a_name_is_unknown() {
    let (mut report, _) =
        checked(|report| observation(report).caller.program.name.clear()).expect("a report");
    assert_eq!(observation(&mut report).caller.program.name, "unknown");
}

/// Text with what hurts in it: control characters, turned directions, characters of each length.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\u{202e}"),
        Just("\u{2066}"),
        Just("\0"),
        Just("\n"),
        Just("\u{1b}[31m"),
        Just("é"),
        Just("漢"),
        Just("🦀"),
        Just("/home/eve"),
        Just("<script>"),
        Just("\u{fffd}"),
    ];
    prop::collection::vec(piece, 0..2000).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_can_make_the_report_that_tells_on_him_fail(text in nasty()) {
        let (mut report, _) = checked(|report| {
            let caller = &mut observation(report).caller;
            caller.user.name = Some(text.clone());
            caller.program.name.clone_from(&text);
            caller.program.exe = Some(text.clone());
            caller.program.script = Some(text.clone());
            caller.unit = Some(text.clone());
            caller.program.sha256 = Some(text.clone());
            caller.program.package = Some(Package {
                manager: text.clone(),
                name: text.clone(),
                version: Some(text.clone()),
            });
            caller.container = Some(Container {
                id: text.clone(),
                image: Some(text.clone()),
                name: Some(text.clone()),
                pod: Some(text.clone()),
                namespace: Some(text.clone()),
                workload: Some(text.clone()),
            });
        })
        .expect("a user's words are never refused");
        let caller = &observation(&mut report).caller;
        let container = caller.container.as_ref().expect("a container");
        let package = caller.program.package.as_ref().expect("a package");
        for (word, limit) in [
            (caller.user.name.as_ref(), limits::LABEL),
            (Some(&caller.program.name), limits::PROGRAM),
            (caller.program.exe.as_ref(), limits::PATH),
            (caller.program.script.as_ref(), limits::PATH),
            (caller.unit.as_ref(), limits::LABEL),
            (Some(&container.id), limits::LABEL),
            (container.image.as_ref(), limits::PROGRAM),
            (container.name.as_ref(), limits::LABEL),
            (container.pod.as_ref(), limits::LABEL),
            (container.namespace.as_ref(), limits::LABEL),
            (container.workload.as_ref(), limits::LABEL),
            (caller.program.sha256.as_ref(), limits::LABEL),
            (Some(&package.manager), limits::LABEL),
            (Some(&package.name), limits::LABEL),
            (package.version.as_ref(), limits::LABEL),
        ] {
            let word = word.expect("a word");
            prop_assert!(word.len() <= limit);
            prop_assert!(!word.contains(|character: char| character.is_control()));
            prop_assert!(!word.contains(['\u{202e}', '\u{2066}']), "the direction of text is not turned");
        }
        let once = report.clone();
        check(&mut report, Timestamp::now()).expect("a checked report");
        prop_assert_eq!(report, once, "a second look changes nothing");
    }
}
