use super::*;

#[test]
fn seconds_and_dates_are_understood() {
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    for (value, seconds) in [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("99999999", Some(3600)),
        ("Tue, 24 Nov 2026 10:00:30 GMT", Some(30)),
        ("Tue, 24 Nov 2026 09:00:00 GMT", Some(0)),
        ("Fri, 31 Dec 2027 23:59:59 GMT", Some(3600)),
        ("soon", None),
        ("-1", None),
        ("", None),
    ] {
        assert_eq!(parse(value, now), seconds.map(Duration::from_secs), "{value}");
    }
}
