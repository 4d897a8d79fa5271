use super::*;
use crate::findings::sentence::bytes;

#[test]
fn each_kind_reads_back() {
    for kind in FindingKind::ALL {
        assert_eq!(FindingKind::of(kind.as_str()), Some(kind));
        let json = format!("\"{}\"", kind.as_str());
        assert_eq!(
            serde_json::from_str::<FindingKind>(&json).expect("its word"),
            kind
        );
    }
    assert_eq!(FindingKind::of("of_a_later_version"), None);
}

#[test]
fn bytes_are_said_in_two_figures() {
    let said = [
        0,
        999,
        1_000,
        2_340,
        99_949,
        2_300_000,
        48_123_456,
        999_999_999,
        u64::MAX,
    ]
    .map(bytes);
    let wanted = [
        "0 B", "999 B", "1.0 kB", "2.3 kB", "99 kB", "2.3 MB", "48 MB", "999 MB", "18446 PB",
    ];
    assert_eq!(said, wanted);
}

#[test]
fn facts_of_another_version_are_read_as_far_as_they_are_known() {
    let facts: Facts = serde_json::from_str(r#"{"later":{"x":1}}"#).expect("facts");
    assert_eq!(facts, Facts::default());
}
