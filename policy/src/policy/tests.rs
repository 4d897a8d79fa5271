use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Policy, Why};
use crate::{Sanction, Subject, Verdict};

fn sanction(id: &str, verdict: &str, scope: &str) -> Sanction {
    serde_json::from_str(&format!(
        r#"{{"id":"{id}","verdict":"{verdict}","scope":{scope},"reason":"Because","approver":"Eve"}}"#
    ))
    .expect("a sanction")
}

fn policy(sanctions: &[(&str, &str, &str)]) -> Policy {
    let sanctions = sanctions
        .iter()
        .map(|(id, verdict, scope)| sanction(id, verdict, scope));
    Policy::new(sanctions.collect(), &BTreeMap::new())
}

fn subject() -> Subject<'static> {
    Subject {
        vendor: "OpenAI",
        service: "ChatGPT",
        kind: Some(umbra_catalog::Kind::WebApp),
        program: "firefox",
        script: None,
        package: Some("dpkg:firefox-esr"),
        uid: 1000,
        user: Some("eve"),
        groups: vec!["staff"],
        labels: Vec::new(),
        unit: None,
        image: None,
        namespace: None,
    }
}

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().expect("a time")
}

#[test]
fn what_nobody_decided_is_unreviewed() {
    let policy = policy(&[("claude", "sanctioned", r#"{"vendor":"Anthropic"}"#)]);
    let decision = policy.decide(&subject(), now());
    assert_eq!((decision.verdict, decision.by), (Verdict::Unreviewed, None));
    assert!(decision.beaten.is_empty());
}

#[test]
fn the_narrowest_wins_however_strict_the_others_are() {
    let policy = policy(&[
        ("nothing", "prohibited", "{}"),
        ("eve-chats", "sanctioned", r#"{"vendor":"OpenAI","user":"eve"}"#),
        ("chats", "prohibited", r#"{"vendor":"OpenAI"}"#),
        ("other", "prohibited", r#"{"vendor":"OpenAI","user":"adam"}"#),
    ]);
    let decision = policy.decide(&subject(), now());
    let winner = decision.by.expect("one counts");
    assert_eq!(
        (decision.verdict, winner.id.as_str()),
        (Verdict::Sanctioned, "eve-chats")
    );
    let beaten: Vec<_> = decision
        .beaten
        .iter()
        .map(|beaten| beaten.explained(winner))
        .collect();
    assert_eq!(
        beaten,
        [
            "nothing is about everything, which is wider than eve-chats: vendor OpenAI, user eve",
            "chats is about vendor OpenAI, which is wider than eve-chats: vendor OpenAI, user eve",
        ]
    );
}

#[test]
fn where_none_is_narrower_the_stricter_wins() {
    for turned in [false, true] {
        let mut two = vec![
            ("openai", "sanctioned", r#"{"vendor":"OpenAI"}"#),
            ("web", "prohibited", r#"{"kind":"web_app"}"#),
        ];
        if turned {
            two.reverse();
        }
        let policy = policy(&two);
        let decision = policy.decide(&subject(), now());
        let winner = decision.by.expect("one counts");
        assert_eq!(
            (decision.verdict, winner.id.as_str()),
            (Verdict::Prohibited, "web")
        );
        assert_eq!(decision.beaten[0].why, Why::Milder);
        assert_eq!(
            decision.beaten[0].explained(winner),
            "openai says sanctioned; neither it (vendor OpenAI) nor web (kind web_app) is narrower, so the stricter one counts"
        );
    }
}

#[test]
fn of_the_same_verdict_the_one_with_more_conditions_then_the_last() {
    let policy = policy(&[
        ("by-group", "sanctioned", r#"{"vendor":"OpenAI","group":"staff"}"#),
        ("by-package", "sanctioned", r#"{"package":"firefox-esr"}"#),
        ("again", "sanctioned", r#"{"vendor":"openai","group":"staff"}"#),
    ]);
    let decision = policy.decide(&subject(), now());
    assert_eq!(decision.by.expect("one counts").id, "again");
    let why: Vec<_> = decision.beaten.iter().map(|beaten| beaten.why).collect();
    assert_eq!(why, [Why::Older, Why::FewerConditions]);
}

#[test]
fn what_has_expired_counts_no_more() {
    let mut short = sanction("short", "sanctioned", r#"{"vendor":"OpenAI"}"#);
    short.expires = Some(now());
    let policy = Policy::new(vec![short], &BTreeMap::new());
    let second = jiff::SignedDuration::from_secs(1);
    assert_eq!(
        policy.decide(&subject(), now() - second).verdict,
        Verdict::Sanctioned
    );
    assert_eq!(policy.decide(&subject(), now()).verdict, Verdict::Unreviewed);
}

#[test]
fn the_policys_own_groups_count_beside_those_of_hosts() {
    let groups = BTreeMap::from([("pilots".to_owned(), BTreeSet::from(["eve".to_owned()]))]);
    let pilots = sanction("pilots", "sanctioned", r#"{"group":"pilots"}"#);
    let policy = Policy::new(vec![pilots], &groups);
    assert_eq!(policy.decide(&subject(), now()).verdict, Verdict::Sanctioned);
    let adam = Subject {
        user: Some("adam"),
        ..subject()
    };
    assert_eq!(policy.decide(&adam, now()).verdict, Verdict::Unreviewed);
}

/// Scopes that are about the subject.
fn covering() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "{}",
            r#"{"vendor":"OpenAI"}"#,
            r#"{"vendor":"OpenAI","service":"ChatGPT"}"#,
            r#"{"kind":"web_app"}"#,
            r#"{"user":"eve"}"#,
            r#"{"user":"*"}"#,
            r#"{"group":"staff"}"#,
            r#"{"program":"fire*"}"#,
            r#"{"package":"*"}"#,
            r#"{"vendor":"OpenAI","user":"eve"}"#,
        ][..],
    )
}

proptest! {
    /// One decides, the others are beaten, and none that counts has a narrower one.
    #[test]
    fn somebody_always_decides(
        chosen in prop::collection::vec((covering(), prop::sample::select(&["prohibited", "unreviewed", "sanctioned"][..])), 1..8)
    ) {
        let named: Vec<_> = chosen.iter().enumerate()
            .map(|(place, (scope, verdict))| sanction(&format!("s{place}"), verdict, scope)).collect();
        let policy = Policy::new(named, &BTreeMap::new());
        let decision = policy.decide(&subject(), now());
        let winner = decision.by.expect("one counts");
        prop_assert_eq!(decision.beaten.len(), chosen.len() - 1);
        for beaten in &decision.beaten {
            prop_assert!(!beaten.sanction.scope.is_narrower_than(&winner.scope));
            if beaten.why == Why::Milder {
                prop_assert!(beaten.sanction.verdict > winner.verdict);
            }
        }
    }
}
