use proptest::prelude::*;

use super::{NoPseudonym, Pseudonym};

fn eve() -> Pseudonym {
    Pseudonym::of("eve", Some("person-0f".to_owned())).expect("a name")
}

#[test]
fn a_name_goes_where_it_is_a_word_and_stays_within_another() {
    for (text, without) in [
        ("eve", Some("person-0f")),
        ("/home/eve/bin/claude", Some("/home/person-0f/bin/claude")),
        ("/home/eve", Some("/home/person-0f")),
        ("backup@eve.service", Some("backup@person-0f.service")),
        (
            "Eve left, and eve's data",
            Some("person-0f left, and person-0f's data"),
        ),
        ("{\"name\":\"eve\"}", Some("{\"name\":\"person-0f\"}")),
        ("evening", None),
        ("/home/steve/x", None),
        ("/home/eve-2/x", None),
        ("eve_bot", None),
        ("eve.smith", None),
        ("/home/eve.smith/x", None),
        ("Ask eve.", Some("Ask person-0f.")),
        ("first.eve/x", None),
        ("/srv/eve/eve/x", Some("/srv/person-0f/person-0f/x")),
        // İ is longer in lower case.
        ("İ/eve/x", Some("İ/person-0f/x")),
        ("", None),
    ] {
        assert_eq!(eve().without(text).as_deref(), without, "{text}");
    }
}

#[test]
fn pseudonyms_are_made_by_chance_or_taken_up() {
    let made = |name: &str| Pseudonym::of(name, None).map(|pseudonym| pseudonym.instead().to_owned());
    let one = made("eve").expect("a name");
    assert!(
        one.starts_with("person-") && one.len() == "person-".len() + 12,
        "{one}"
    );
    assert_ne!(one, made("eve").expect("a name"), "nothing leads back");
    for name in ["", "a b", "a/b", "a\n", one.as_str()] {
        assert_eq!(made(name), Err(NoPseudonym::Name), "{name:?}");
    }
    for pseudonym in ["adam", "person-", "person-x", "person-0F"] {
        let again = Pseudonym::of("eve", Some(pseudonym.to_owned()));
        assert_eq!(again, Err(NoPseudonym::Pseudonym), "{pseudonym}");
    }
}

proptest! {
    /// What was replaced once has nothing left to replace, and the rest is as it was.
    #[test]
    fn nothing_is_left(text in "[eve/@. é_-]{0,20}") {
        if let Some(without) = eve().without(&text) {
            prop_assert_eq!(eve().without(&without), None);
            prop_assert_eq!(without.replace("person-0f", "eve"), text);
        }
    }
}
