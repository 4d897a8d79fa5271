mod made;
mod table;
mod whole;

use std::path::Path;

use super::printed::{self, Printed};
use super::{score, summary, truth};
use made::{FLOW, line, named, row};

/// Why the score of `rows` is not good enough when `lines` are printed of each capture, and the summary.
fn scored(rows: &[String], lines: &[String]) -> (Vec<String>, String) {
    let rows = truth::parse(&rows.join("\n")).unwrap();
    let inspect = |_: &Path| {
        Ok(Printed {
            lines: printed::parse(&lines.join("\n"))?,
            problem: None,
        })
    };
    let score = score(&rows, inspect).unwrap();
    (score.reasons_to_fail(), summary::of(&score))
}

fn lines_of(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn the_same_name_is_found() {
    let (reasons, text) = scored(
        &[row("tls", FLOW, "a.example", "both", "-")],
        &[named("a.example")],
    );
    assert_eq!(reasons, [""; 0]);
    assert!(text.contains("missed: 0"), "{text}");
}

#[test]
fn what_both_decoders_agree_on_must_be_found() {
    let rows = [row("tls", FLOW, "a.example", "both", "-")];
    let (reasons, text) = scored(&rows, &[line(FLOW, "tcp", None, false)]);
    assert_eq!(reasons, ["missed though both decoders agree: 1"]);
    let end = "\
missed: 1
r/f.pcap
  10.0.0.1:1>10.0.0.2:443
    table: a.example [both]
    printed: no name, not complete
";
    assert!(text.contains(end), "{text}");
}

#[test]
fn what_one_decoder_alone_says_may_be_missed() {
    let rows = [row("tls", FLOW, "a.example", "tshark", "-")];
    let (reasons, text) = scored(&rows, &[]);
    assert_eq!(reasons, [""; 0]);
    assert!(
        text.contains("table: a.example [tshark]\n    printed: nothing"),
        "{text}"
    );
}

#[test]
fn another_name_is_false_whoever_says_otherwise() {
    let rows = [row("tls", FLOW, "a.example", "ref", "-")];
    let (reasons, text) = scored(&rows, &[named("b.example")]);
    assert_eq!(reasons, ["false names: 1"]);
    assert!(
        text.contains("false names: 1\nr/f.pcap\n  10.0.0.1:1>10.0.0.2:443\n"),
        "{text}"
    );
    assert!(text.contains("printed: b.example (tls_sni)"), "{text}");
}

#[test]
fn a_name_is_false_where_there_is_none_if_a_hello_gives_it() {
    let rows = [row("tls", FLOW, "-", "both", "no-sni")];
    assert_eq!(scored(&rows, &[line(FLOW, "tcp", None, true)]).0, [""; 0]);
    let (reasons, _) = scored(&rows, &[named("b.example")]);
    assert_eq!(
        reasons,
        ["missed though both decoders agree: 1", "false names: 1"]
    );
}

#[test]
fn a_name_from_an_answer_of_the_dns_is_told_apart() {
    let rows = [row("tls", FLOW, "-", "both", "no-sni")];
    let (reasons, text) = scored(&rows, &[line(FLOW, "tcp", Some(("b.example", "dns")), true)]);
    assert_eq!(reasons, [""; 0]);
    assert!(
        text.contains("named by other evidence than the hello: 1\nr/f.pcap"),
        "{text}"
    );
    assert!(
        text.contains("table: - [both]\n    printed: b.example (dns)"),
        "{text}"
    );
}

#[test]
fn a_flow_without_a_row_is_not_judged() {
    let rows = [row("tls", FLOW, "a.example", "both", "-")];
    let lines = [
        named("a.example"),
        line(
            "10.0.0.9:9>10.0.0.2:443",
            "tcp",
            Some(("b.example", "tls_sni")),
            true,
        ),
    ];
    let (reasons, text) = scored(&rows, &lines);
    assert_eq!(reasons, [""; 0]);
    assert!(text.contains("not judged: 1\nr/f.pcap\n  10.0.0.9:9>"), "{text}");
}

#[test]
fn the_transports_are_not_mixed_up() {
    let rows = [row("quic", FLOW, "a.example", "both", "-")];
    assert_eq!(scored(&rows, &[named("a.example")]).0.len(), 1);
    let quic = line(FLOW, "udp", Some(("a.example", "quic_sni")), true);
    assert_eq!(scored(&rows, &[quic]).0, [""; 0]);
}

#[test]
fn recall_is_given_for_every_kind() {
    let other = "10.0.0.3:1>10.0.0.2:443";
    let rows = [
        row("tls", FLOW, "a.example", "both", "split-ch:3seg,token"),
        row("tls", other, "b.example", "tshark", "split-ch:12seg"),
    ];
    let (_, text) = scored(&rows, &[named("a.example")]);
    let text = lines_of(&text);
    for wanted in [
        "all                               1      2    50.0%",
        "  tls                             1      2    50.0%",
        "  both                            1      1   100.0%",
        "  tshark                          0      1     0.0%",
        "  split-ch                        1      2    50.0%",
        "  token                           1      1   100.0%",
    ] {
        assert!(text.contains(&wanted), "{wanted} in {text:#?}");
    }
}

#[test]
fn agreement_on_encrypted_client_hello_is_counted() {
    let other = "10.0.0.3:1>10.0.0.2:443";
    let rows = [
        row("tls", FLOW, "a.example", "both", "ech"),
        row("tls", other, "b.example", "both", "-"),
    ];
    let seen = |text: String| text.replace("\"ech\":false", "\"ech\":true");
    let lines = [
        seen(named("a.example")),
        seen(line(other, "tcp", Some(("b.example", "tls_sni")), true)),
    ];
    let (_, text) = scored(&rows, &lines);
    let wanted = "ech, of 2 whole hellos: 1 seen, 0 not seen, 1 seen where there is none";
    assert!(lines_of(&text).contains(&wanted), "{text}");
}

#[test]
fn it_is_readable_at_80_columns() {
    let long = "2001:db8:1111:2222:3333:4444:5555:6666:50339>2001:db8:1111:2222:3333:4444:5555:7777:443";
    let (_, text) = scored(&[row("quic", long, "a.example", "both", "multi-datagram")], &[]);
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
}
