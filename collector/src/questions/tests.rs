use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use umbra_policy::{Sanction, Scope, Verdict};

use super::{Asked, Cells, Periods, Unanswerable, csv};
use crate::policy::InForce;
use crate::store::{Decided, PolicyVersion};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A version of the policy with one sanction, which ends then.
fn version(number: u64, applied: &str, expires: Option<&str>) -> (Timestamp, Arc<InForce>) {
    let decided = Decided {
        version: Some(PolicyVersion {
            version: number,
            applied: at(applied),
            actor: "ada".to_owned(),
            comment: String::new(),
        }),
        sanctions: vec![Sanction {
            id: "it".to_owned(),
            verdict: Verdict::Prohibited,
            scope: Scope::default(),
            data: None,
            reason: "Because".to_owned(),
            approver: "Ada".to_owned(),
            expires: expires.map(at),
            ticket: None,
        }],
        ..Decided::default()
    };
    (at(applied), Arc::new(InForce::from(decided)))
}

fn parted(versions: &[(Timestamp, Arc<InForce>)]) -> Vec<String> {
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z"));
    let periods = Periods::of(from, to, versions).0;
    let hours = |time: Timestamp| time.duration_since(from).as_hours();
    periods
        .iter()
        .map(|period| {
            let number = period.policy.decided.number();
            format!("{}-{}: {number}", hours(period.from), hours(period.to))
        })
        .collect()
}

#[test]
fn time_is_parted_where_what_was_decided_changed() {
    assert_eq!(parted(&[]), ["0-24: 0"]);
    // In force before, and one that came later.
    let before = version(1, "2026-10-01T00:00:00Z", None);
    let within = version(2, "2026-11-01T10:20:00Z", None);
    let at_once = version(3, "2026-11-01T10:40:00Z", None);
    let after = version(4, "2026-11-02T00:00:00Z", None);
    assert_eq!(parted(std::slice::from_ref(&before)), ["0-24: 1"]);
    assert_eq!(parted(std::slice::from_ref(&within)), ["0-11: 0", "11-24: 2"]);
    // The hour in which it came belongs to the one before, and one of less than an hour to none.
    assert_eq!(parted(&[before, within, at_once, after]), ["0-11: 1", "11-24: 3"]);
    // A sanction that ends is another decision, on the same version.
    let ends = version(1, "2026-10-01T00:00:00Z", Some("2026-11-01T12:00:00Z"));
    assert_eq!(parted(&[ends]), ["0-12: 1", "12-24: 1"]);
    let ended = version(1, "2026-10-01T00:00:00Z", Some("2026-10-30T12:00:00Z"));
    assert_eq!(parted(&[ended]), ["0-24: 1"]);
}

#[test]
fn a_question_is_about_whole_hours() {
    let now = at("2026-11-27T12:30:00Z");
    let asked = Asked::new("openai", Some(at("2026-11-27T10:10:00Z")), None, now).expect("a question");
    assert_eq!(asked.vendor, "OpenAI", "as the catalogue calls it");
    assert_eq!(
        (asked.from, asked.to),
        (at("2026-11-27T10:00:00Z"), at("2026-11-27T13:00:00Z"))
    );
    let asked = Asked::new("Nobody Knows", None, None, now).expect("a question");
    assert_eq!(asked.vendor, "Nobody Knows");
    assert_eq!(
        asked.to.duration_since(asked.from),
        SignedDuration::from_hours(720)
    );
    let none = Asked::new("openai", Some(at("2026-12-01T00:00:00Z")), None, now);
    assert_eq!(none, Err(Unanswerable::Empty));
    for vendor in ["", " ", "a\0b", &"x".repeat(129)] {
        let nobody = Asked::new(vendor, None, None, now);
        assert_eq!(nobody, Err(Unanswerable::Vendor), "{vendor:?}");
    }
    let years = Asked::new("openai", Some(at("2020-01-01T00:00:00Z")), None, now);
    assert_eq!(years, Err(Unanswerable::Long));
}

struct Line(&'static [&'static str]);

impl Cells for Line {
    const HEAD: &'static [&'static str] = &["one", "two"];

    fn cells(&self) -> Vec<String> {
        self.0.iter().map(|cell| (*cell).to_owned()).collect()
    }
}

#[test]
fn a_table_is_rfc_4180_and_no_cell_of_it_is_a_formula() {
    let rows = [
        Line(&["a,b", "say \"hi\""]),
        Line(&["two\nlines", ""]),
        Line(&["=cmd|' /C calc'!A0", "@SUM(1)"]),
        Line(&["-1+2", "+1"]),
        Line(&["\t=1", "a=1"]),
    ];
    assert_eq!(
        csv(&rows, true).expect("text"),
        "one,two\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\r\n'=cmd|' /C calc'!A0,'@SUM(1)\r\n'-1+2,'+1\r\n'\t=1,a=1\r\n"
    );
    assert_eq!(csv::<Line>(&[], true).expect("text"), "one,two\r\n");
    assert_eq!(csv::<Line>(&[], false).expect("text"), "");
}
