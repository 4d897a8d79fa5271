//! What the kernel gets.

use umbra_agent_common::trie::KEY_DATA;

use crate::{Catalogue, TRIE_CAPACITY};

#[test]
fn entries_fit_the_kernels_map_and_are_distinct() {
    let catalogue = Catalogue::builtin();
    let entries: Vec<_> = catalogue.trie().collect();
    assert!(entries.len() <= TRIE_CAPACITY);
    let patterns = u32::try_from(catalogue.patterns().count()).unwrap();
    let mut keys = std::collections::HashSet::new();
    for entry in &entries {
        let used = usize::from(entry.bytes);
        assert!((2..=KEY_DATA).contains(&used));
        assert!(entry.data[used..].iter().all(|byte| *byte == 0));
        assert!(entry.value.pattern <= patterns);
        assert!(usize::from(entry.value.next_at) <= used - 2);
        assert!(keys.insert(&entry.data[..used]));
    }
}

#[test]
fn every_pattern_matches_a_name_of_its_own() {
    let catalogue = Catalogue::builtin();
    for pattern in catalogue.patterns() {
        let name = pattern.host().replace('*', "x1");
        let found = catalogue
            .lookup(&name)
            .unwrap_or_else(|| panic!("{} matches nothing", pattern.host()));
        if found.number != pattern.number {
            // A host alone may be of another service than what is below it, and of nothing else.
            assert_eq!(found.host(), pattern.host(), "{name}");
            let below = catalogue.lookup(&format!("below.{name}"));
            assert_eq!(below.map(|found| found.number), Some(pattern.number), "{name}");
        }
    }
}

#[test]
fn numbers_that_no_pattern_has_are_none() {
    let catalogue = Catalogue::builtin();
    assert!(catalogue.pattern(0).is_none());
    assert!(catalogue.pattern(u32::MAX).is_none());
    assert_eq!(catalogue.pattern(1).unwrap().number, 1);
}
