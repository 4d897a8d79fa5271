use std::net::{Ipv4Addr, SocketAddr};

use super::{Outcome, Verdict, score};
use crate::scorecard::caused::{Caller, Caused, Place, Span};
use crate::scorecard::observed::{Counted, Observed};
use crate::truth::{Bytes, Protocol};
use Verdict::{Fail, Partial, Pass};

const HTTPS: u16 = 443;

fn to(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn exactly(out: u64, r#in: u64) -> Span {
    let bytes = Bytes { out, r#in };
    Span {
        least: bytes,
        most: bytes,
    }
}

fn caused(out: u64) -> Caused {
    Caused {
        name: "api.openai.com",
        vendor: "OpenAI",
        protocol: Protocol::Tcp,
        to: to(HTTPS),
        caller: Caller {
            exe: "/usr/bin/python3.11".to_owned(),
            program: "python3 /srv/bot.py".to_owned(),
            uid: 0,
            place: Place::Host,
        },
        bytes: exactly(out, 1000),
    }
}

fn payload(out: u64, r#in: u64) -> Counted {
    Counted::Payload(Bytes { out, r#in })
}

fn seen(out: u64) -> Observed {
    Observed {
        to: Some((Protocol::Tcp, to(HTTPS))),
        names: vec!["api.openai.com".to_owned()],
        vendor: Some("OpenAI".to_owned()),
        exe: Some("/usr/bin/python3.11".to_owned()),
        program: Some("python3 /srv/bot.py".to_owned()),
        uid: Some(0),
        user: Some("root".to_owned()),
        place: Some(Place::Host),
        bytes: Some(payload(out, 1000)),
    }
}

fn scored(caused: &[Caused], seen: &[Observed]) -> Outcome {
    score(caused, seen).expect("there is something to score")
}

/// Name, program, user, place, bytes.
fn verdicts(caused: &Caused, seen: Observed) -> [Verdict; 5] {
    let outcome = scored(std::slice::from_ref(caused), &[seen]);
    let it = &outcome.flows[0];
    [it.name, it.program, it.user, it.place, it.bytes]
}

#[test]
fn all_that_is_right_passes_and_is_not_noted() {
    let outcome = scored(&[caused(500)], &[seen(500)]);
    assert_eq!(verdicts(&caused(500), seen(500)), [Pass; 5]);
    assert!(outcome.flows[0].notes.is_empty(), "{outcome:?}");
    assert_eq!(outcome.surplus, 0);
}

#[test]
fn a_scenario_without_truth_is_an_error_and_no_zero() {
    assert!(score(&[], &[seen(500)]).unwrap_err().contains("caused no flow"));
    assert!(
        score(&[caused(0)], &[seen(0)])
            .unwrap_err()
            .contains("counted nothing")
    );
}

#[test]
fn what_is_not_reported_fails_in_everything() {
    let elsewhere = Observed {
        to: Some((Protocol::Tcp, to(8443))),
        ..seen(500)
    };
    let by_quic = Observed {
        to: Some((Protocol::Udp, to(HTTPS))),
        ..seen(500)
    };
    for other in [elsewhere, by_quic, Observed::default()] {
        let outcome = scored(&[caused(500)], &[other]);
        let it = &outcome.flows[0];
        assert_eq!([it.name, it.program, it.user, it.place, it.bytes], [Fail; 5]);
        assert_eq!(it.notes, ["not reported"]);
        assert_eq!(outcome.surplus, 0);
    }
}

#[test]
fn a_name_is_right_or_at_least_the_vendor_s() {
    let named = |names: &[&str], vendor: &str| {
        let said = Observed {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            vendor: Some(vendor.to_owned()),
            ..seen(500)
        };
        verdicts(&caused(500), said)[0]
    };
    assert_eq!(named(&["chatgpt.com"], "OpenAI"), Partial);
    assert_eq!(named(&["claude.ai"], "Anthropic"), Fail);
    assert_eq!(named(&["claude.ai", "api.openai.com"], "Anthropic"), Pass);
    assert_eq!(named(&[], "Anthropic"), Fail);
}

#[test]
fn an_interpreter_without_its_script_is_part_of_a_program() {
    let program = |exe: &str, program: &str| {
        let said = Observed {
            exe: Some(exe.to_owned()),
            program: Some(program.to_owned()),
            ..seen(500)
        };
        verdicts(&caused(500), said)[1]
    };
    assert_eq!(program("/usr/bin/python3.11", "/usr/bin/python3.11"), Partial);
    assert_eq!(program("/usr/bin/curl", "/usr/bin/curl"), Fail);
    assert_eq!(program("/usr/bin/python3.11", "python3 /srv/bot.py"), Pass);
}

#[test]
fn a_user_is_a_number_and_its_name() {
    let user = |uid: u32, name: Option<&str>| {
        let said = Observed {
            uid: Some(uid),
            user: name.map(str::to_owned),
            ..seen(500)
        };
        verdicts(&caused(500), said)[2]
    };
    assert_eq!(user(0, None), Partial);
    assert_eq!(user(0, Some("toor")), Partial);
    assert_eq!(user(1, Some("root")), Fail);
    // A user without an account has no name.
    let mut nobodys = caused(500);
    nobodys.caller.uid = 4_000_000_000;
    let said = |user: Option<&str>| Observed {
        uid: Some(4_000_000_000),
        user: user.map(str::to_owned),
        ..seen(500)
    };
    assert_eq!(verdicts(&nobodys, said(None))[2], Pass);
    assert_eq!(verdicts(&nobodys, said(Some("root")))[2], Partial);
}

#[test]
fn a_place_must_be_said_also_when_it_is_none() {
    let place = |truth: Place, said: Option<Place>| {
        let mut caused = caused(500);
        caused.caller.place = truth;
        verdicts(
            &caused,
            Observed {
                place: said,
                ..seen(500)
            },
        )[3]
    };
    let container = |id: &str| Place::Container(id.to_owned());
    let unit = |name: &str| Place::Unit(name.to_owned());
    assert_eq!(place(Place::Host, None), Fail);
    assert_eq!(place(Place::Host, Some(unit("a.service"))), Fail);
    assert_eq!(place(unit("a.service"), Some(unit("a.service"))), Pass);
    assert_eq!(place(unit("a.service"), Some(unit("b.service"))), Partial);
    assert_eq!(place(container("1"), Some(container("2"))), Partial);
    assert_eq!(place(container("1"), Some(unit("1"))), Fail);
}

#[test]
fn bytes_are_right_nearly_right_or_wrong() {
    let bytes = |said| {
        verdicts(
            &caused(50_000),
            Observed {
                bytes: said,
                ..seen(0)
            },
        )[4]
    };
    assert_eq!(bytes(Some(payload(50_000, 1_000))), Pass);
    assert_eq!(bytes(Some(payload(50_500, 990))), Partial);
    assert_eq!(bytes(Some(payload(50_501, 1_000))), Fail);
    assert_eq!(bytes(Some(payload(50_000, 989))), Fail);
    assert_eq!(bytes(None), Fail);
    let packets = |out, r#in| {
        Some(Counted::Packets {
            bytes: Bytes { out, r#in },
            packets: Bytes { out: 10, r#in: 10 },
        })
    };
    assert_eq!(bytes(packets(50_660, 1_660)), Partial);
    // Whole packets are never the payload alone, and headers are not that long.
    assert_eq!(bytes(packets(49_000, 1_660)), Fail);
    assert_eq!(bytes(packets(52_000, 1_660)), Fail);
}

#[test]
fn a_span_may_be_as_wide_as_the_truth_is_known() {
    let span = exactly(5_000, 5_000);
    let holds = |span: Span, out, r#in| span.holds(Bytes { out, r#in });
    assert!(holds(span, 5_000, 5_000) && !holds(span, 5_001, 5_000) && !holds(span, 5_000, 4_999));
    let more = span.and_up_to(100);
    assert!(holds(more, 5_100, 5_000) && !holds(more, 5_101, 5_000) && !holds(more, 4_999, 5_000));
    let around = span.give_or_take(100);
    assert!(holds(around, 4_900, 5_100) && !holds(around, 4_899, 5_000) && !holds(around, 5_000, 5_101));
}

#[test]
fn each_flow_is_held_against_what_was_said_of_it() {
    // The order in which they are told means nothing.
    let outcome = scored(&[caused(1), caused(2), caused(3)], &[seen(3), seen(1), seen(2)]);
    assert!(outcome.flows.iter().all(|it| it.bytes == Pass), "{outcome:?}");
    // One of them is missing, and nothing is used twice.
    let outcome = scored(&[caused(1), caused(2), caused(3)], &[seen(3), seen(1)]);
    let bytes: Vec<_> = outcome.flows.iter().map(|it| it.bytes).collect();
    assert_eq!(bytes, [Pass, Fail, Pass]);
}

#[test]
fn what_nobody_made_is_counted() {
    let outcome = scored(&[caused(1)], &[seen(1), seen(2), seen(3)]);
    assert_eq!((outcome.flows.len(), outcome.surplus), (1, 2));
}

#[test]
fn an_address_of_ipv4_within_ipv6_is_the_same() {
    let mapped = Observed {
        to: Some((
            Protocol::Tcp,
            "[::ffff:127.0.0.1]:443".parse().expect("an address"),
        )),
        ..seen(500)
    };
    assert_eq!(verdicts(&caused(500), mapped), [Pass; 5]);
}
