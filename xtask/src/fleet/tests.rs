use std::fs;

use super::{BY, PAGE};
use crate::page::between;
use crate::workspace;

#[test]
fn the_published_page_has_a_place_for_the_figures_and_keeps_the_rest() {
    let page = fs::read_to_string(workspace::root().join(PAGE)).expect("the page");
    let new = between(&page, "load", BY, "FIGURES\n").expect("its marks");
    let (before, after) = new.split_once("FIGURES").expect("the figures");
    assert!(page.starts_with(before.trim_end()) && page.ends_with(after.trim_start()));
    assert!(
        !new.contains("bulk upsert, observations"),
        "the last ones are gone"
    );
}
