use super::*;

#[test]
fn a_life_is_a_number_with_a_unit() {
    for (text, seconds) in [("24h", 86_400), ("90s", 90), ("5m", 300), ("366d", 366 * 86_400)] {
        assert_eq!(text.parse(), Ok(Life(Duration::from_secs(seconds))), "{text}");
    }
    for text in [
        "",
        "h",
        "0h",
        "24",
        "-1h",
        "367d",
        "1w",
        "1h ",
        "1é",
        "99999999999999999999d",
        "1.5h",
    ] {
        assert!(text.parse::<Life>().is_err(), "{text}");
    }
}
