//! The table's form, and the two spellings of a flow.

use std::path::Path;

use super::super::{ends::Ends, truth};
use super::made::{FLOW, row};

fn same(table: &str, printed: &str) -> bool {
    Ends::parse(table).unwrap().are(Ends::parse(printed).unwrap())
}

#[test]
fn flows_are_the_same_in_both_spellings_and_directions() {
    assert!(same(FLOW, FLOW));
    assert!(same(FLOW, "10.0.0.2:443>10.0.0.1:1"));
    assert!(same("2001:db8::1:40000>::2:443", "[2001:db8::1]:40000>[::2]:443"));
    assert!(same("10.0.0.1:1>?", FLOW));
    assert!(same("10.0.0.1:1>?", "10.0.0.2:443>10.0.0.1:1"));
    assert!(same("10.0.0.1:1>10.0.0.1:1", "10.0.0.1:1>10.0.0.1:1"));
}

#[test]
fn other_flows_are_others() {
    assert!(!same(FLOW, "10.0.0.1:1>10.0.0.2:444"));
    assert!(!same(FLOW, "10.0.0.1:2>10.0.0.2:443"));
    assert!(!same("10.0.0.1:1>10.0.0.1:1", FLOW));
    assert!(!same("10.0.0.3:1>?", FLOW));
    for text in [
        "",
        "10.0.0.1:1",
        "10.0.0.1>10.0.0.2",
        "a:1>b:2",
        "10.0.0.1:99999>?",
    ] {
        assert_eq!(Ends::parse(text), None, "{text}");
    }
}

#[test]
fn names_and_features_are_brought_into_one_form() {
    let text = row("tls", FLOW, "API.OpenAI.com.", "both", "split-ch:3seg,ech");
    let rows = truth::parse(&format!("#repo\tfile\n\n{text}\n")).unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(row.file, Path::new("r/f.pcap"));
    assert_eq!(row.name.as_deref(), Some("api.openai.com"));
    assert_eq!(row.features, ["split-ch", "ech"]);
}

#[test]
fn what_is_no_such_table_is_said_with_its_line() {
    let error = |text: &str| format!("{:#}", truth::parse(text).unwrap_err());
    assert_eq!(error("#repo\n"), "it has no rows");
    assert_eq!(
        error("#\na\tb\n"),
        "line 2: 2 columns instead of 8: repo, file, proto, flow, sni, decoders, features, extra"
    );
    let row = row("tls", "here>there", "-", "both", "-");
    assert_eq!(
        error(&row),
        "line 1: `here>there` is not of the form src:port>dst:port"
    );
}
