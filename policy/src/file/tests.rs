use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use umbra_catalog::Catalogue;

use super::File;
use crate::{DataClass, Verdict};

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

/// Compiled once.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);

fn read(text: &str) -> Result<File, Vec<String>> {
    File::parse(text, &CATALOGUE, now()).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// A file with one sanction, which says this beside the rest.
fn one(lines: &str) -> String {
    format!("version = 1\n\n[[sanction]]\nid = \"it\"\nreason = \"Because\"\napprover = \"Eve\"\n{lines}\n")
}

const WHOLE: &str = r#"
version = 1
own_classes = ["patient"]

[groups]
developers = ["alice", "bob"]

[[sanction]]
id = "copilot"
verdict = "sanctioned"
vendor = "github"
group = "developers"
data = "internal"
reason = "We have the business plan"
approver = "Eve Example"
expires = 2027-06-30
ticket = "https://tickets.example/SEC-12"

[[sanction]]
id = "scans"
verdict = "sanctioned"
vendor = "openai"
program = "/srv/scans/*"
data = "patient"
reason = "Only anonymous scans"
approver = "Eve Example"

[[sanction]]
id = "nothing-else"
verdict = "prohibited"
reason = "Ask first"
approver = "Eve Example"
"#;

#[test]
fn a_whole_file_is_read() {
    let file = read(WHOLE).expect("it is right");
    let [copilot, scans, rest] = &file.sanctions[..] else {
        panic!("{file:?}");
    };
    assert_eq!(copilot.scope.to_string(), "vendor GitHub, group developers");
    assert_eq!(
        copilot.expires,
        Some("2027-07-01T00:00:00Z".parse().expect("a time"))
    );
    assert_eq!(scans.data, Some(DataClass::Own("patient".to_owned())));
    assert_eq!(
        (rest.verdict, rest.scope.to_string().as_str()),
        (Verdict::Prohibited, "everything")
    );
    assert_eq!(file.remarks(now()), []);
}

#[test]
fn each_mistake_is_told_with_its_line() {
    for (lines, said) in [
        (
            "verdict = \"allowed\"",
            "line 7: unknown variant `allowed`, expected one of `prohibited`, `unreviewed`, `sanctioned`",
        ),
        (
            "verdict = \"prohibited\"\nvendors = \"OpenAI\"",
            "line 8: unknown field `vendors`",
        ),
        (
            "verdict = \"sanctioned\"",
            "line 3: it: `data` must say which data may be sent",
        ),
        (
            "verdict = \"prohibited\"\ndata = \"public\"",
            "line 3: it: `data` says which data may be sent, and what is prohibited may send none",
        ),
        (
            "verdict = \"sanctioned\"\ndata = \"secret\"",
            "line 3: it: `data` is secret, which is not public",
        ),
        ("verdict = \"prohibited\"\nuser = \"\"", "line 8: is empty"),
        (
            "verdict = \"prohibited\"\nexpires = \"soon\"",
            "line 3: it: `expires` is soon: write a day",
        ),
        (
            "verdict = \"prohibited\"\nexpires = 2027-06-30T12:00:00",
            "line 3: it: `expires` is 2027-06-30T12:00:00: write a day",
        ),
        (
            "verdict = \"prohibited\"\nticket = \"javascript:alert(1)\"",
            "line 3: it: `ticket` must be an https:// or http:// address",
        ),
        (
            "verdict = \"prohibited\"\nhost_label = \"prod\"",
            "line 3: it: write `host_label` as",
        ),
        (
            "verdict = \"prohibited\"\nservice = \"Nothing at all\"",
            "line 3: it: the catalogue has no service Nothing at all: name its `vendor`, too",
        ),
        (
            "verdict = \"prohibited\"\nreason = \"twice\"",
            "line 8: duplicate key",
        ),
    ] {
        let faults = read(&one(lines)).expect_err(lines);
        assert!(faults[0].starts_with(said), "{faults:?}");
        assert_eq!(faults.len(), 1, "{faults:?}");
    }
    for (text, said) in [
        ("", "line 1: missing field `version`"),
        (
            "version = 2",
            "line 1: `version` is 2, and this collector knows 1",
        ),
        (
            "version = 1\nown_classes = [\"public\"]",
            "line 2: everybody has the class public",
        ),
        (
            "version = 1\nown_classes = [\"Patient data\"]",
            "line 2: a class is called by",
        ),
    ] {
        assert!(
            read(text).expect_err(text)[0].starts_with(said),
            "{:?}",
            read(text)
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = WHOLE
        .replace("Ask first", " ")
        .replace("internal", "patients")
        .replace("nothing-else", "scans");
    let faults = read(&text).expect_err("it is wrong");
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(
        faults[0].starts_with("line 8: copilot: `data` is patients"),
        "{faults:?}"
    );
    assert!(
        faults[1].starts_with("line 28: scans is the id of a sanction in line 19, too"),
        "{faults:?}"
    );
    assert!(
        faults[2].starts_with("line 28: scans: `reason` must say something"),
        "{faults:?}"
    );
}

#[test]
fn contradictions_are_mistakes_and_overlaps_are_remarks() {
    let more = "\n[[sanction]]\nid = \"no\"\nverdict = \"prohibited\"\nvendor = \"OpenAI\"\nreason = \"No\"\napprover = \"Eve\"\n";
    let yes = "verdict = \"sanctioned\"\ndata = \"public\"\n";
    let faults = read(&(one(&format!("{yes}vendor = \"openai\"")) + more)).expect_err("they contradict");
    assert_eq!(
        faults,
        [
            "line 3: it says sanctioned and no says prohibited about the same (vendor OpenAI): take one of them out, or make it narrower"
        ]
    );
    let file = read(&(one(&format!("{yes}kind = \"api\"")) + more)).expect("they overlap");
    let remarks = file.remarks(now());
    assert_eq!(
        remarks[0].to_string(),
        "line 3: it (kind api) and no (vendor OpenAI) may be about the same caller, and neither is narrower: no counts there, being stricter"
    );
    // One that has expired contradicts nothing.
    let past = format!("{yes}vendor = \"openai\"\nexpires = 2026-01-01");
    let file = read(&(one(&past) + more)).expect("one of them is over");
    assert_eq!(
        file.remarks(now())[0].to_string(),
        "line 3: it has expired, and counts no more"
    );
}

#[test]
fn what_the_catalogue_keeps_apart_is_no_overlap() {
    let more = "\n[[sanction]]\nid = \"no\"\nverdict = \"prohibited\"\nkind = \"web_app\"\nreason = \"No\"\napprover = \"Eve\"\n";
    let yes = "verdict = \"sanctioned\"\ndata = \"public\"\n";
    for (vendor, remarks) in [("GitHub", 0), ("OpenAI", 1), ("Nobody", 2)] {
        let file = read(&(one(&format!("{yes}vendor = \"{vendor}\"")) + more)).expect("it is right");
        assert_eq!(
            file.remarks(now()).len(),
            remarks,
            "{vendor}: {:?}",
            file.remarks(now())
        );
    }
}

#[test]
fn names_that_nobody_knows_are_remarked() {
    let text = one("verdict = \"prohibited\"\nvendor = \"Nobody\"\ngroup = \"nobodies\"");
    let remarks: Vec<_> = read(&text)
        .expect("it is right")
        .remarks(now())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        remarks,
        [
            "line 3: it: no group nobodies is in [groups]; it counts only where hosts report such a group",
            "line 3: it: the catalogue has no vendor Nobody; `umbra-agent match HOST` tells what a vendor is called",
        ]
    );
    let text = one("verdict = \"prohibited\"\nvendor = \"openai\"\nservice = \"Nothing\"");
    let remarks = read(&text).expect("it is right").remarks(now());
    assert!(
        remarks[0]
            .reason
            .starts_with("it: OpenAI has no service Nothing in the catalogue; it has "),
        "{remarks:?}"
    );
}

#[test]
fn two_people_must_agree_unless_a_class_of_ones_own_is_said_to_take_one() {
    let text = "version = 1\nown_classes = [\"patient\", \"marketing\"]\nsingle_approval = [\"marketing\"]\n";
    let file = read(text).expect("it is right");
    for (class, two) in [
        ("public", false),
        ("internal", false),
        ("marketing", false),
        ("patient", true),
        ("confidential", true),
        ("restricted", true),
    ] {
        assert_eq!(file.takes_two(&DataClass::from(class.to_owned())), two, "{class}");
    }
    // What the law protects is not the file's to say.
    assert_eq!(
        read("version = 1\nsingle_approval = [\"restricted\"]").expect_err("it is wrong"),
        [
            "line 2: `single_approval` has restricted, which is none of `own_classes`: public and internal data take one \
          person anyway, confidential and restricted data always two"
        ]
    );
}

#[test]
fn what_is_too_long_is_not_read() {
    let text = format!("version = 1\n# {}", "x".repeat(super::LENGTH));
    assert_eq!(
        read(&text).expect_err("it is long"),
        [format!("line 1: the file is longer than {} bytes", super::LENGTH)]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever becomes of a file, it is read whole or refused with lines that it has.
    #[test]
    fn a_garbled_file_is_read_or_refused(
        cut in 0..WHOLE.len(), place in 0..WHOLE.len(), with in "[\\[\\]\"=#a-z0-9é\n\\\\]{0,3}"
    ) {
        let (head, tail) = WHOLE.split_at(cut.min(place));
        let rest = &tail[(cut.max(place) - cut.min(place)).min(20).min(tail.len())..];
        let text = format!("{head}{with}{rest}");
        if let Err(faults) = File::parse(&text, &CATALOGUE, now()) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!((1..=text.lines().count() + 1).contains(&fault.line), "{}", fault);
                prop_assert!(!fault.reason.is_empty() && !fault.reason.contains('\n'));
            }
        }
    }
}

/// A plan of this vendor.
fn plan(vendor: &str) -> String {
    format!(
        "[[plan]]\nid = \"it\"\nvendor = \"{vendor}\"\nplan = \"business\"\nreason = \"r\"\napprover = \"a\"\n"
    )
}

#[test]
fn a_plan_of_which_nothing_can_be_told_is_remarked() {
    let remarks = |vendor: &str| {
        let file = read(&format!("version = 1\n{}", plan(vendor))).expect("a policy");
        file.remarks(now())
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(remarks("GitHub Copilot"), [""; 0]);
    assert_eq!(
        remarks("openai"),
        ["line 2: it: of OpenAI no name tells a personal plan from others, so nothing is found"]
    );
    let unknown = remarks("Nobody");
    assert!(
        unknown[0].contains("the catalogue has no vendor Nobody"),
        "{unknown:?}"
    );
}

#[test]
fn rules_are_told_apart_by_their_ids_and_say_why() {
    let twice = read(&format!("version = 1\n{}{}", plan("GitHub"), plan("GitHub"))).expect_err("two");
    assert_eq!(
        twice,
        ["line 8: it: line 2 has a rule of the same kind with this id, too"]
    );
    let silent = read(&format!(
        "version = 1\n{}",
        plan("GitHub").replace("\"r\"", "\"\"")
    ))
    .expect_err("no reason");
    assert_eq!(
        silent,
        ["line 2: it: `reason` must say something: it is read a year later"]
    );
    let named = read(&format!(
        "version = 1\n{}",
        plan("GitHub").replace("\"it\"", "\"It\"")
    ))
    .expect_err("no id");
    assert_eq!(named, ["line 2: It: `id` must be 1 to 64 of a-z, 0-9 and -"]);
}
