use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use umbra_report::{Container, Evidence, Observation};

use super::*;
use crate::made_up::call;

/// The place of a caller in a container of `image`, or in `unit`.
fn place(image: Option<&str>, unit: Option<&str>) -> String {
    let mut caller = call("alice", "bot").caller;
    caller.container = image.map(|image| Container {
        id: "9f".repeat(32),
        image: Some(image.to_owned()).filter(|image| !image.is_empty()),
        ..Container::default()
    });
    caller.unit = unit.map(str::to_owned);
    fleet_wide(&caller)
}

#[test]
fn a_new_release_of_an_image_is_no_new_place() {
    for (image, expected) in [
        ("bot", "image:bot"),
        ("bot:1.2", "image:bot"),
        ("docker.io/library/bot:latest", "image:docker.io/library/bot"),
        ("registry:5000/team/bot", "image:registry:5000/team/bot"),
        ("registry:5000/team/bot:1", "image:registry:5000/team/bot"),
        ("bot@sha256:0123abcd", "image:bot"),
        ("registry:5000/bot:1@sha256:0123abcd", "image:registry:5000/bot"),
        // The runtime did not tell.
        ("", "container"),
    ] {
        assert_eq!(place(Some(image), None), expected);
        assert_eq!(
            place(Some(image), Some("docker.service")),
            expected,
            "the container says more"
        );
    }
}

#[test]
fn what_is_numbered_at_each_start_is_no_place() {
    for (unit, expected) in [
        ("cron.service", "unit:cron.service"),
        ("backup@eve.service", "unit:backup@.service"),
        ("backup@.service", "unit:backup@.service"),
        ("runner.service", "unit:runner.service"),
        ("user@1000.service", ""),
        ("session-42.scope", ""),
        ("run-u12.service", ""),
        ("run-r0f3a9c.service", ""),
        ("run-p12-i13.service", ""),
        ("app-gnome-firefox-4242.scope", ""),
        ("system.slice", ""),
        ("", ""),
    ] {
        assert_eq!(place(None, Some(unit)), expected, "{unit}");
    }
    assert_eq!(place(None, None), "");
}

fn tallies(observations: &[Observation]) -> Vec<Value> {
    let observations: Vec<_> = observations.iter().collect();
    let json = serde_json::to_value(Tally::of(&observations)).expect("JSON");
    json.as_array().expect("rows").clone()
}

/// A call in the hour that begins at `hour`, in hours since 1970, `minute` minutes into it.
fn call_at(hour: i64, minute: i64) -> Observation {
    let mut observation = call("alice", "curl");
    observation.minute = jiff::Timestamp::from_second(hour * 3600 + minute * 60).expect("a time");
    observation.first_seen = observation.minute;
    observation.last_seen = observation.minute + Duration::from_secs(59);
    observation
}

#[test]
fn one_caller_name_and_hour_are_one_row() {
    let mut weaker = call_at(10, 0);
    weaker.evidence = Evidence::Dns;
    weaker.caller.program.exe = None;
    let rows = tallies(&[call_at(10, 59), weaker, call_at(11, 0), call_at(-1, 59)]);
    assert_eq!(rows.len(), 3);
    let hour = 3_600_000;
    assert_eq!(rows[0]["hour"], 10 * hour);
    assert_eq!(
        (&rows[0]["flows"], &rows[0]["bytes_out"], &rows[0]["bytes_in"]),
        (&2.into(), &200.into(), &4000.into())
    );
    assert_eq!(rows[0]["first_seen"], 10 * hour);
    assert_eq!(rows[0]["last_seen"], 11 * hour - 1000);
    assert_eq!(rows[0]["evidence"], 10, "the strongest stays");
    assert_eq!(
        rows[0]["exe"], "/home/alice/bin/curl",
        "what is not said takes nothing away"
    );
    assert_eq!(rows[1]["hour"], 11 * hour);
    assert_eq!(
        rows[2]["hour"], -hour,
        "hours before 1970 begin before their minutes"
    );
}

#[test]
fn each_part_of_the_key_keeps_rows_apart() {
    let parts: [fn(&mut Observation); 8] = [
        |other| other.caller.program.name.push('2'),
        |other| other.caller.user.uid += 1,
        |other| other.caller.unit = Some("cron.service".to_owned()),
        |other| other.vendor.push('2'),
        |other| other.service.push('2'),
        |other| other.kind = umbra_catalog::Kind::Cdn,
        |other| other.name.push('2'),
        |other| other.minute += Duration::from_hours(1),
    ];
    for (number, part) in parts.into_iter().enumerate() {
        let mut other = call_at(10, 0);
        part(&mut other);
        assert_eq!(tallies(&[call_at(10, 0), other]).len(), 2, "part {number}");
    }
    let mut transport = call_at(10, 0);
    transport.protocol = umbra_report::Protocol::Udp;
    assert_eq!(
        tallies(&[call_at(10, 0), transport]).len(),
        1,
        "the transport is not in the inventory"
    );
}

#[test]
fn one_good_observation_makes_the_row_enough_for_a_finding() {
    let mut address = call_at(10, 0);
    address.evidence = Evidence::Ip;
    assert_eq!(tallies(&[address.clone()])[0]["finding"], false);
    for order in [[address.clone(), call_at(10, 1)], [call_at(10, 1), address]] {
        assert_eq!(tallies(&order)[0]["finding"], true);
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_in_the_sums(calls in prop::collection::vec((0..3_u32, 0..3_i64, 0..60_i64, 0..1000_u64), 1..40)) {
        let observations: Vec<_> = calls
            .iter()
            .map(|&(uid, hour, minute, bytes)| {
                let mut observation = call_at(hour, minute);
                observation.caller.user.uid = uid;
                observation.bytes_in = bytes;
                observation
            })
            .collect();
        let rows = tallies(&observations);
        let sum = |field: &str| rows.iter().filter_map(|row| row[field].as_u64()).sum::<u64>();
        prop_assert_eq!(sum("flows"), calls.len() as u64);
        prop_assert_eq!(sum("bytes_in"), calls.iter().map(|call| call.3).sum::<u64>());
        let mut keys: Vec<_> = calls.iter().map(|call| (call.0, call.1)).collect();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(rows.len(), keys.len());
    }
}
