use proptest::prelude::*;
use serde_json::{Value, json};
use umbra_catalog::Kind;

use crate::{
    Acknowledgement, Code, Enrol, Enrolled, Evidence, Origin, OriginKind, Problem, Protocol, Record,
    RecordBody, Renew, Report, Route, Token, VERSION,
};

/// A report with everything in it, as it travels. A change here is a change of the wire: agents and collectors of
/// different versions meet, so a field that is renamed, removed or newly required needs a new [`VERSION`].
const GOLDEN: &str = include_str!("tests/report.json");

#[test]
fn the_wire_form_is_the_golden_one() {
    let report: Report = serde_json::from_str(GOLDEN).expect("a report");
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    assert_eq!(serde_json::to_value(&report).expect("JSON"), golden);
    assert_eq!(report.version, VERSION);

    let RecordBody::Observation(observation) = &report.records[0].body else {
        panic!("the first record is an observation");
    };
    assert_eq!(observation.kind, Kind::CodingAssistant);
    assert_eq!(
        (observation.evidence, observation.protocol),
        (Evidence::TlsSni, Protocol::Tcp)
    );
    assert_eq!(
        observation.bytes_in, 9_007_199_254_740_993,
        "no number passes through a float"
    );
    let RecordBody::Gap(gap) = &report.records[1].body else {
        panic!("the second record is a gap");
    };
    assert_eq!((gap.from, gap.records), (18, 25));
}

#[test]
fn what_may_be_left_out_is_left_out() {
    let mut golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    let optional: [(&str, &[&str]); 10] = [
        ("/agent", &["machine_id", "boot_id"]),
        (
            "/records/0/caller/container",
            &["image", "name", "pod", "namespace", "workload"],
        ),
        ("/records/0/caller", &["container", "unit"]),
        ("/records/0/origin", &["name", "peer"]),
        ("/records/0", &["origin"]),
        ("/records/0/caller/program/package", &["version"]),
        ("/records/0/caller/user", &["name"]),
        (
            "/records/0/caller/program",
            &["exe", "script", "package", "sha256"],
        ),
        ("/status/condition", &["spool", "catalogue", "last_error"]),
        ("/status", &["losses", "condition"]),
    ];
    for (place, fields) in optional {
        let part = golden
            .pointer_mut(place)
            .and_then(Value::as_object_mut)
            .expect(place);
        for field in fields {
            part.remove(*field).expect(field);
        }
    }
    let report: Report = serde_json::from_value(golden.clone()).expect("a report");
    assert!(report.status.losses.is_empty());
    // The empty map is written; nothing is ever written as null.
    golden["status"]["losses"] = json!({});
    assert_eq!(serde_json::to_value(&report).expect("JSON"), golden);
}

#[test]
fn every_other_field_is_required() {
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    let required: [(&str, &[&str]); 10] = [
        ("", &["version", "agent", "status", "epoch", "records"]),
        ("/agent", &["id", "host", "version", "kernel"]),
        ("/status", &["started"]),
        (
            "/records/0",
            &[
                "sequence",
                "type",
                "minute",
                "first_seen",
                "last_seen",
                "caller",
                "vendor",
                "service",
                "kind",
                "name",
                "evidence",
                "protocol",
                "flows",
                "bytes_out",
                "bytes_in",
            ],
        ),
        ("/records/0/caller", &["user", "program"]),
        ("/records/0/origin", &["kind"]),
        ("/records/0/caller/user", &["uid"]),
        ("/records/0/caller/program", &["name"]),
        ("/records/0/caller/program/package", &["manager", "name"]),
        (
            "/records/1",
            &["sequence", "type", "from", "records", "first_seen", "last_seen"],
        ),
    ];
    for (place, fields) in required {
        for field in fields {
            let mut cut = golden.clone();
            let part = cut
                .pointer_mut(place)
                .and_then(Value::as_object_mut)
                .expect(place);
            part.remove(*field).expect(field);
            assert!(
                serde_json::from_value::<Report>(cut).is_err(),
                "without {place}/{field}"
            );
        }
    }
}

#[test]
fn fields_of_a_later_agent_are_passed_over() {
    let mut later: Value = serde_json::from_str(GOLDEN).expect("JSON");
    for place in [
        "",
        "/agent",
        "/status",
        "/records/0",
        "/records/0/caller",
        "/records/0/caller/program",
    ] {
        later.pointer_mut(place).expect(place)["mood"] = json!("good");
    }
    let report: Report = serde_json::from_value(later).expect("a report");
    assert_eq!(report, serde_json::from_str(GOLDEN).expect("a report"));
}

#[test]
fn a_records_fields_may_come_in_any_order_and_are_those_of_its_type() {
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    for record in golden["records"].as_array().expect("records") {
        let read: Record = serde_json::from_value(record.clone()).expect("a record");
        let fields = record.as_object().expect("an object").iter().rev();
        let turned: Vec<String> = fields.map(|(name, value)| format!("{name:?}:{value}")).collect();
        let turned = format!("{{{}}}", turned.join(","));
        assert_eq!(serde_json::from_str::<Record>(&turned).expect("a record"), read);
        // As the body alone is read, which the agent keeps.
        assert_eq!(
            serde_json::from_value::<RecordBody>(record.clone()).expect("a body"),
            read.body
        );
        for (field, wrong) in [("type", "dream"), ("sequence", "1")] {
            let mut other = record.clone();
            other[field] = json!(wrong);
            assert!(serde_json::from_value::<Record>(other).is_err(), "{field}");
        }
    }
    let mut gap = golden["records"][0].clone();
    gap["type"] = json!("gap");
    let error = serde_json::from_value::<Record>(gap)
        .expect_err("no gap")
        .to_string();
    assert_eq!(error, "missing field `from`");
}

#[test]
fn origins_have_one_name_and_those_of_later_agents_are_unknown() {
    for kind in [
        OriginKind::Ssh,
        OriginKind::Terminal,
        OriginKind::Desktop,
        OriginKind::Cron,
        OriginKind::Timer,
        OriginKind::Service,
        OriginKind::Ci,
        OriginKind::Container,
        OriginKind::Unknown,
    ] {
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
    }
    let later: Origin = serde_json::from_value(json!({"kind": "dream"})).expect("an origin");
    assert_eq!(later.kind, OriginKind::Unknown);
}

#[test]
fn an_acknowledgement_is_a_number() {
    let acknowledgement = Acknowledgement { sequence: 42 };
    assert_eq!(
        serde_json::to_string(&acknowledgement).expect("JSON"),
        r#"{"sequence":42}"#
    );
}

/// The names in NDJSON, on the wire and in the store are the same, and stand in the design.
#[test]
fn evidence_and_protocol_have_one_name_everywhere() {
    let evidence = [
        (Evidence::TlsSni, "tls_sni"),
        (Evidence::QuicSni, "quic_sni"),
        (Evidence::HttpHost, "http_host"),
        (Evidence::ProxyConnect, "proxy_connect"),
        (Evidence::Socks, "socks"),
        (Evidence::Dns, "dns"),
        (Evidence::Ip, "ip"),
    ];
    for (evidence, name) in evidence {
        assert_eq!(evidence.as_str(), name);
        assert_eq!(serde_json::to_value(evidence).expect("JSON"), name);
    }
    assert!(evidence.is_sorted(), "strongest first");
    for (protocol, name) in [(Protocol::Tcp, "tcp"), (Protocol::Udp, "udp")] {
        assert_eq!(protocol.as_str(), name);
        assert_eq!(serde_json::to_value(protocol).expect("JSON"), name);
    }
}

/// The wire of enrolment. As with reports, a field that is renamed, removed or newly required needs a new version.
const ENROLMENT: &str = include_str!("tests/enrolment.json");

#[test]
fn the_wire_form_of_enrolment_is_the_golden_one() {
    let golden: Value = serde_json::from_str(ENROLMENT).expect("JSON");
    let part = |name: &str| golden.get(name).cloned().expect(name);
    let enrol: Enrol = serde_json::from_value(part("enrol")).expect("a request");
    assert_eq!(serde_json::to_value(&enrol).expect("JSON"), part("enrol"));
    let token: Token = enrol.token.parse().expect("a token");
    assert_eq!(token.to_string(), enrol.token);
    let renew: Renew = serde_json::from_value(part("renew")).expect("a request");
    assert_eq!(serde_json::to_value(&renew).expect("JSON"), part("renew"));
    let enrolled: Enrolled = serde_json::from_value(part("enrolled")).expect("an answer");
    assert_eq!(serde_json::to_value(&enrolled).expect("JSON"), part("enrolled"));
    let problem: Problem = serde_json::from_value(part("problem")).expect("a problem");
    assert_eq!(serde_json::to_value(&problem).expect("JSON"), part("problem"));
    assert_eq!(problem.code, Some(Code::TokenExpired));
    // What is said of one request, and of none.
    for (name, fields) in [
        ("enrol", &["version", "token", "agent", "csr"][..]),
        ("renew", &["version", "agent", "csr"]),
        (
            "enrolled",
            &["agent_id", "certificate", "authority", "not_before", "not_after"],
        ),
    ] {
        for field in fields {
            let mut cut = part(name);
            cut.as_object_mut()
                .and_then(|part| part.remove(*field))
                .expect(field);
            let is_read = match name {
                "enrol" => serde_json::from_value::<Enrol>(cut).is_ok(),
                "renew" => serde_json::from_value::<Renew>(cut).is_ok(),
                _ => serde_json::from_value::<Enrolled>(cut).is_ok(),
            };
            assert!(!is_read, "{name} without {field}");
        }
    }
}

#[test]
fn codes_have_one_name_and_those_of_later_collectors_are_passed_over() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).expect("JSON"), code.name());
    }
    let later: Problem =
        serde_json::from_value(json!({"error": "no", "code": "bad_mood"})).expect("a problem");
    assert_eq!(later.code, Some(Code::Other));
    let plain: Problem = serde_json::from_value(json!({"error": "no"})).expect("a problem");
    assert_eq!(plain.code, None);
}

#[test]
fn only_whole_tokens_are_tokens_and_none_is_repeated() {
    let good = format!(
        "umbra1_{}_{}_{}",
        "0a".repeat(6),
        "1b".repeat(16),
        "2c".repeat(32)
    );
    let token: Token = format!(" {good}\n").parse().expect("a token");
    assert_eq!(token.to_string(), good);
    assert!(!format!("{token:?}").contains("1b1b"), "{token:?}");
    for bad in [
        "",
        "umbra1",
        &good[..good.len() - 1],
        &good.replace("umbra1", "umbra2"),
        &good.to_uppercase(),
        &format!("{good}_"),
        &good.replace('_', "-"),
    ] {
        let error = bad.parse::<Token>().expect_err(bad).to_string();
        assert!(!error.contains("1b1b"), "{error}");
    }
}

#[test]
fn a_way_is_direct_or_through_a_proxy_and_older_agents_say_none() {
    let mut report: Report = serde_json::from_str(GOLDEN).expect("a report");
    let mut routes = Vec::new();
    for route in [
        None,
        Some(Route::Direct),
        Some(Route::through("[fd00::1]:3128".parse().ok())),
    ] {
        for record in &mut report.records {
            if let RecordBody::Observation(observation) = &mut record.body {
                observation.route = route;
            }
        }
        let json = serde_json::to_value(&report).expect("JSON");
        assert_eq!(
            serde_json::from_value::<Report>(json.clone()).expect("a report"),
            report
        );
        let records = json["records"].as_array().expect("records");
        let first = records.iter().find(|record| record["type"] == "observation");
        routes.push(first.expect("an observation")["route"].clone());
    }
    assert_eq!(
        routes,
        [
            json!(null),
            json!("direct"),
            json!({"via": {"ip": "fd00::1", "port": 3128}})
        ]
    );
}

proptest! {
    #[test]
    fn a_report_that_is_cut_is_no_report(at in 0..GOLDEN.trim_end().len()) {
        let cut = GOLDEN.as_bytes().get(..at).unwrap_or_default();
        prop_assert!(serde_json::from_slice::<Report>(cut).is_err());
    }

    #[test]
    fn a_garbled_report_is_refused_or_travels_on_unchanged(at in 0..GOLDEN.len(), byte: u8) {
        let mut garbled = GOLDEN.as_bytes().to_vec();
        garbled[at] = byte;
        if let Ok(report) = serde_json::from_slice::<Report>(&garbled) {
            let json = serde_json::to_vec(&report).expect("JSON");
            prop_assert_eq!(serde_json::from_slice::<Report>(&json).expect("a report"), report);
        }
    }
}
