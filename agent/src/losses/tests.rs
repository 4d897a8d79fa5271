use std::collections::{BTreeMap, BTreeSet};

use super::*;

#[test]
fn a_report_names_only_what_was_lost() {
    let losses = Losses::default();
    assert_eq!(losses.for_report(), BTreeMap::new());
    losses.add(Loss::SpoolFull, 3);
    losses.add(Loss::SpoolFull, 4);
    losses.set_kernel([(Counter::FlowsLost, 5), (Counter::Execs, 6)]);
    let expected =
        [("spool_full", 7), (Counter::FlowsLost.name(), 5)].map(|(cause, n)| (cause.to_owned(), n));
    assert_eq!(losses.for_report(), BTreeMap::from(expected));
}

#[test]
fn causes_have_names_of_their_own() {
    let losses = Losses::default();
    let names: BTreeSet<_> = losses.by_cause().map(|(cause, _)| cause).collect();
    assert_eq!(names.len(), losses.by_cause().count());
    assert!(
        Loss::ALL
            .iter()
            .enumerate()
            .all(|(number, cause)| *cause as usize == number)
    );
}
