use proptest::prelude::*;

use super::Scope;
use crate::subject::Subject;

fn scope(text: &str) -> Scope {
    serde_json::from_str(text).expect("a scope")
}

/// Eve's script in a container, on a host in production.
fn subject() -> Subject<'static> {
    Subject {
        vendor: "OpenAI",
        service: "OpenAI API",
        kind: Some(umbra_catalog::Kind::Api),
        program: "bot.py",
        script: Some("/srv/bot.py"),
        package: Some("pip:bot"),
        uid: 1000,
        user: Some("eve"),
        groups: vec!["staff", "research"],
        labels: vec![("env", "prod"), ("site", "ams")],
        unit: Some("bot.service"),
        image: Some("ghcr.io:443/acme/bot:1.2"),
        namespace: Some("tools"),
    }
}

#[test]
fn each_condition_is_held_against_what_it_is_about() {
    for (holds, not) in [
        (r#"{"vendor":"openai"}"#, r#"{"vendor":"Anthropic"}"#),
        (r#"{"service":"OpenAI api"}"#, r#"{"service":"ChatGPT"}"#),
        (r#"{"kind":"api"}"#, r#"{"kind":"web_app"}"#),
        (r#"{"script":"/srv/*"}"#, r#"{"script":"/opt/*"}"#),
        (r#"{"program":"bot.py"}"#, r#"{"program":"Bot.py"}"#),
        (r#"{"package":"pip:bot"}"#, r#"{"package":"npm:bot"}"#),
        (r#"{"package":"bot"}"#, r#"{"package":"pip"}"#),
        (r#"{"user":"eve"}"#, r#"{"user":"1000"}"#),
        (r#"{"group":"research"}"#, r#"{"group":"wheel"}"#),
        (r#"{"host_label":"env=prod"}"#, r#"{"host_label":"env=dev"}"#),
        (r#"{"host_label":"site=*"}"#, r#"{"host_label":"rack=*"}"#),
        (r#"{"unit":"*.service"}"#, r#"{"unit":"*.scope"}"#),
        (
            r#"{"image":"ghcr.io:443/acme/bot"}"#,
            r#"{"image":"ghcr.io:443/acme"}"#,
        ),
        (r#"{"image":"*/bot:1.2"}"#, r#"{"image":"*/bot:1.3"}"#),
        (r#"{"namespace":"tools"}"#, r#"{"namespace":"default"}"#),
        (
            r#"{"vendor":"OpenAI","user":"eve"}"#,
            r#"{"vendor":"OpenAI","user":"adam"}"#,
        ),
    ] {
        assert!(scope(holds).covers(&subject()), "{holds}");
        assert!(!scope(not).covers(&subject()), "{not}");
    }
    assert!(Scope::default().covers(&subject()));
}

#[test]
fn what_is_not_known_is_not_any() {
    let bare = Subject {
        script: None,
        package: None,
        user: None,
        groups: Vec::new(),
        labels: Vec::new(),
        unit: None,
        image: None,
        namespace: None,
        kind: None,
        ..subject()
    };
    for key in [
        "script",
        "package",
        "group",
        "host_label",
        "unit",
        "image",
        "namespace",
    ] {
        let any = scope(&format!(r#"{{"{key}":"*"}}"#));
        assert!(!any.covers(&bare), "{key}");
        assert!(any.covers(&subject()), "{key}");
    }
    assert!(!scope(r#"{"kind":"api"}"#).covers(&bare));
    assert!(
        scope(r#"{"user":"1000"}"#).covers(&bare),
        "one without a name is known by the id"
    );
}

#[test]
fn what_is_narrower() {
    for (narrow, wide) in [
        (r#"{"vendor":"OpenAI"}"#, "{}"),
        (
            r#"{"vendor":"OpenAI","service":"ChatGPT"}"#,
            r#"{"vendor":"openai"}"#,
        ),
        (
            r#"{"vendor":"OpenAI","service":"ChatGPT"}"#,
            r#"{"kind":"web_app"}"#,
        ),
        (r#"{"program":"claude"}"#, r#"{"program":"cl*"}"#),
        (r#"{"script":"/srv/bot.py"}"#, r#"{"program":"bot.py"}"#),
        (r#"{"program":"bot.py"}"#, r#"{"package":"pip:bot"}"#),
        (r#"{"script":"/srv/bot.py"}"#, r#"{"package":"pip:bot"}"#),
        (r#"{"user":"eve"}"#, r#"{"group":"staff"}"#),
        (r#"{"user":"eve","group":"staff"}"#, r#"{"user":"eve"}"#),
        (r#"{"vendor":"OpenAI","group":"staff"}"#, r#"{"vendor":"OpenAI"}"#),
    ] {
        assert!(
            scope(narrow).is_narrower_than(&scope(wide)),
            "{narrow} than {wide}"
        );
        assert!(
            !scope(wide).is_narrower_than(&scope(narrow)),
            "{wide} than {narrow}"
        );
    }
}

#[test]
fn what_is_not_narrower_either_way() {
    for (one, other) in [
        (r#"{"vendor":"OpenAI"}"#, r#"{"kind":"api"}"#),
        (r#"{"vendor":"OpenAI"}"#, r#"{"user":"eve"}"#),
        (r#"{"program":"a*"}"#, r#"{"program":"*b"}"#),
        (r#"{"group":"staff"}"#, r#"{"group":"research"}"#),
        (
            r#"{"vendor":"OpenAI","service":"ChatGPT","kind":"web_app"}"#,
            r#"{"kind":"api"}"#,
        ),
    ] {
        assert!(!scope(one).is_narrower_than(&scope(other)), "{one} than {other}");
        assert!(!scope(other).is_narrower_than(&scope(one)), "{other} than {one}");
    }
}

#[test]
fn what_cannot_meet() {
    for (one, other, apart) in [
        (r#"{"vendor":"OpenAI"}"#, r#"{"vendor":"Anthropic"}"#, true),
        (r#"{"kind":"api"}"#, r#"{"kind":"cdn"}"#, true),
        (r#"{"user":"eve"}"#, r#"{"user":"adam"}"#, true),
        (r#"{"user":"eve"}"#, r#"{"user":"a*"}"#, true),
        (r#"{"user":"a*"}"#, r#"{"user":"*m"}"#, false),
        (r#"{"group":"staff"}"#, r#"{"group":"research"}"#, false),
        (
            r#"{"host_label":"env=prod"}"#,
            r#"{"host_label":"site=ams"}"#,
            false,
        ),
        (r#"{"package":"npm:claude"}"#, r#"{"package":"claude"}"#, false),
        (r#"{"vendor":"OpenAI"}"#, r#"{"user":"eve"}"#, false),
    ] {
        assert_eq!(
            scope(one).is_apart_from(&scope(other)),
            apart,
            "{one} and {other}"
        );
        assert_eq!(
            scope(other).is_apart_from(&scope(one)),
            apart,
            "{other} and {one}"
        );
    }
}

#[test]
fn it_reads_as_words() {
    let text = r#"{"vendor":"OpenAI","kind":"api","user":"eve"}"#;
    assert_eq!(scope(text).to_string(), "vendor OpenAI, kind api, user eve");
    assert_eq!(Scope::default().to_string(), "everything");
}

fn scopes() -> impl Strategy<Value = Scope> {
    let condition = |key: &'static str, values: &'static [&'static str]| {
        prop_oneof![
            2 => Just(None),
            1 => prop::sample::select(values).prop_map(move |value| Some((key, value))),
        ]
    };
    (
        condition("vendor", &["OpenAI", "Anthropic"]),
        condition("service", &["OpenAI API", "ChatGPT"]),
        condition("kind", &["api", "web_app"]),
        condition("script", &["/srv/bot.py", "*"]),
        condition("program", &["bot.py", "b*", "*"]),
        condition("package", &["pip:bot", "*"]),
        condition("user", &["eve", "e*"]),
        condition("group", &["staff", "research", "*"]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            let all: serde_json::Map<_, _> = [a, b, c, d, e, f, g, h]
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect();
            serde_json::from_value(all.into()).expect("a scope")
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Following narrower ones ends somewhere, so that there is always a narrowest.
    #[test]
    fn narrower_is_an_order_of_those_that_meet(one in scopes(), two in scopes(), three in scopes()) {
        prop_assert!(!one.is_narrower_than(&one));
        let eve = subject();
        if [&one, &two, &three].iter().all(|scope| scope.covers(&eve))
            && one.is_narrower_than(&two) && two.is_narrower_than(&three)
        {
            prop_assert!(!three.is_narrower_than(&one), "{} - {} - {}", one, two, three);
        }
    }

    #[test]
    fn what_is_apart_never_meets(one in scopes(), other in scopes()) {
        if one.is_apart_from(&other) {
            prop_assert!(!(one.covers(&subject()) && other.covers(&subject())));
        }
    }
}
