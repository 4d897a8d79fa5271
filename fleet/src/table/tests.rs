use super::{Goal, Table};

#[test]
fn medians_ranges_and_verdicts_are_printed_and_parse() {
    let mut table = Table::begin();
    table.group("SQLite");
    table.figure("reports/s", [3.0, 1.0, 2.0, 10.0], 1);
    table.figure("once", [7.0], 0);
    table.goal("ratio", [0.4, 0.6, 0.5], 2, Goal::AtLeast(0.5));
    table.goal("low", [0.4], 2, Goal::AtLeast(0.5));
    let text = table.text();
    for line in [
        "reports/s                                  2.5  1.0 - 10.0",
        "once                                         7",
        "ratio                                     0.50  0.40 - 0.60       >=0.5 met",
        "low                                       0.40                    >=0.5 missed",
    ] {
        assert!(
            text.lines().any(|it| it.trim() == line),
            "{line:?} is not in\n{text}"
        );
    }
    assert!(text.lines().skip(1).all(|line| line.len() <= 80));
    let json = serde_json::to_value(&table).expect("JSON");
    assert_eq!(json["groups"][0]["figures"][0]["median"], 2.5);
    assert_eq!(json["groups"][0]["figures"][2]["goal"]["at_least"], 0.5);
}
