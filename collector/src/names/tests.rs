use super::*;

fn hidden() -> People {
    People::with("a secret")
}

#[test]
fn a_pseudonym_is_the_same_for_the_same_name_and_another_with_another_secret() {
    let people = hidden();
    let eve = people.pseudonym("eve").expect("one");
    assert_eq!(people.pseudonym("EVE"), Some(eve.clone()));
    assert_ne!(people.pseudonym("adam"), Some(eve.clone()));
    assert_ne!(People::with("another").pseudonym("eve"), Some(eve.clone()));
    assert_eq!(eve.len(), "person-".len() + DIGITS);
    assert_eq!(people.pseudonym("root"), None);
    assert_eq!(People::default().pseudonym("eve"), None);
}

#[test]
fn homes_and_conditions_name_nobody() {
    let people = hidden();
    let eve = people.pseudonym("eve").expect("one");
    assert_eq!(people.path("/home/eve/bot.py"), format!("/home/{eve}/bot.py"));
    assert_eq!(people.path("python3 /home/eve"), format!("python3 /home/{eve}"));
    for same in [
        "/usr/bin/claude",
        "/srv/home.py",
        "/home/",
        "~/bot.py",
        "/home/root/x",
    ] {
        assert_eq!(people.path(same), same);
    }
    assert_eq!(
        people.conditions("vendor OpenAI, user eve, group dev"),
        format!("vendor OpenAI, user {eve}, group dev")
    );
}

#[test]
fn an_entry_of_the_audit_log_names_nobody() {
    let people = hidden();
    let eve = people.pseudonym("eve").expect("one");
    for (detail, seen) in [
        (
            r#"{"to":"/home/eve/backup"}"#.to_owned(),
            format!(r#"{{"to":"/home/{eve}/backup"}}"#),
        ),
        (
            r#"{"scope":"user eve, group dev"}"#.to_owned(),
            format!(r#"{{"scope":"user {eve}, group dev"}}"#),
        ),
        (
            r#"{ "reason":"eve" }"#.to_owned(),
            r#"{ "reason":"eve" }"#.to_owned(),
        ),
    ] {
        let entry = Entry {
            number: 1,
            time: jiff::Timestamp::UNIX_EPOCH,
            actor: "ada".to_owned(),
            action: "backup".to_owned(),
            subject: "umbra.db".to_owned(),
            detail,
            hash: String::new(),
        };
        assert_eq!(people.entry(entry).detail, seen);
    }
}
