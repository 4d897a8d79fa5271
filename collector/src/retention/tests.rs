use super::*;

#[test]
fn whole_months_are_kept_besides_the_one_that_runs() {
    let retention = Retention {
        alerts: 1,
        ..Retention::default()
    };
    let bounds = retention.bounds("2026-03-31T23:59:59Z".parse().expect("a time"));
    assert_eq!(bounds.observations.to_string(), "2025-02");
    assert_eq!(bounds.alerts.to_string(), "2026-02");
    let february: Timestamp = "2025-02-01T00:00:00Z".parse().expect("a time");
    assert_eq!(bounds.observations.begin(), february.as_millisecond());
    assert_eq!(bounds.observations.next().to_string(), "2025-03");
}

#[test]
fn retention_longer_than_the_calendar_keeps_everything() {
    let retention = Retention {
        observations: u16::MAX,
        ..Retention::default()
    };
    assert!(
        retention.bounds(Timestamp::MIN).observations.begin()
            <= Timestamp::MIN.as_millisecond() + 86_400_000 * 31
    );
}
