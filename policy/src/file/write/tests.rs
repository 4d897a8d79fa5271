use proptest::prelude::*;
use umbra_catalog::Catalogue;

use crate::{DataClass, File, Pattern, Sanction, Scope, Verdict};

const BEFORE: &str = "version = 1 # ours\n\n[[sanction]]\nid = \"chats\"\nverdict = \"prohibited\"\nkind = \"web_app\"\n\
                      reason = \"No\"\napprover = \"Ada\"";

fn sanction(text: &str) -> Sanction {
    Sanction {
        id: "asked-for".to_owned(),
        verdict: Verdict::Sanctioned,
        scope: Scope {
            vendor: Some("OpenAI".to_owned()),
            program: Pattern::try_from(text.to_owned()).ok(),
            host_label: Pattern::try_from("env=prod".to_owned()).ok(),
            ..Scope::default()
        },
        data: Some(DataClass::Internal),
        reason: format!("Because {text}"),
        approver: format!("Eve {text}"),
        expires: Some("2027-06-30T00:00:00.5Z".parse().expect("a time")),
        ticket: Some("https://tickets.example/1?a=\"b\"".to_owned()),
    }
}

#[test]
fn what_was_there_stays_as_it_was_written() {
    let now = "2026-11-27T00:00:00Z".parse().expect("a time");
    let added = sanction("bot");
    let text = File::with(BEFORE, &added);
    assert!(text.starts_with(BEFORE), "with its remarks");
    let file = File::parse(&text, &Catalogue::builtin(), now).expect("a file");
    assert_eq!(file.sanctions.len(), 2);
    assert_eq!(file.sanctions[1], added);
    // Nothing was decided before.
    let file = File::parse(&File::with("", &added), &Catalogue::builtin(), now).expect("a file");
    assert_eq!(file.sanctions, [added]);
}

proptest! {
    #[test]
    fn a_sanction_is_read_as_it_was_written(text in "\\PC{0,40}|[\"'\\\\\n\r\t\\[\\]#= a]{0,20}") {
        let now = "2026-11-27T00:00:00Z".parse().expect("a time");
        let added = sanction(&text);
        let file = File::parse(&File::with(BEFORE, &added), &Catalogue::builtin(), now);
        prop_assert_eq!(&file.expect("a file").sanctions[1], &added);
    }
}
