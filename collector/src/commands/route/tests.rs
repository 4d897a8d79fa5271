use super::*;
use crate::alerts::RouteSettings;

#[test]
fn the_list_says_what_fails_since_when_and_why() {
    let route = |name: &str| RouteState {
        name: name.to_owned(),
        settings: RouteSettings {
            kind: "slack".to_owned(),
            place: "https://hooks.example".to_owned(),
            ..RouteSettings::default()
        },
        ..RouteState::default()
    };
    let failing = RouteState {
        pending: 12,
        failing_since: Some("2026-11-24T10:15:03Z".parse().expect("a time")),
        error: Some("Connection refused; see that\nit runs".to_owned()),
        omitted: 3,
        ..route("soc")
    };
    let text = list(&[route("chat"), failing]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "ROUTE  KIND   TO                     WAITING  REFUSED  LAST SENT",
            "chat   slack  https://hooks.example  0        0        -",
            "soc    slack  https://hooks.example  12       0        -",
            "soc fails since 2026-11-24T10:15:03Z: Connection refused; see thatit runs",
            "soc: 3 alerts waited for too long and were dropped",
        ]
    );
    assert!(list(&[]).contains("docs/ALERTS.md"));
}
