use super::{Change, difference};
use crate::Sanction;

fn sanction(id: &str, reason: &str) -> Sanction {
    serde_json::from_str(&format!(
        r#"{{"id":"{id}","verdict":"prohibited","reason":"{reason}","approver":"Eve"}}"#
    ))
    .expect("a sanction")
}

#[test]
fn what_comes_what_goes_and_what_says_something_else() {
    let before = [
        sanction("goes", "x"),
        sanction("stays", "x"),
        sanction("changes", "x"),
    ];
    let after = [
        sanction("changes", "y"),
        sanction("comes", "x"),
        sanction("stays", "x"),
    ];
    assert_eq!(
        difference(&before, &after),
        [
            Change::Changed(&before[2], &after[0]),
            Change::Added(&after[1]),
            Change::Removed(&before[0]),
        ]
    );
    let turned: Vec<_> = before.iter().rev().cloned().collect();
    assert_eq!(difference(&before, &turned), []);
}
