use super::{labels, listed};
use crate::access::Scope;

#[test]
fn a_list_goes_on_where_it_ended() {
    let all: Vec<String> = (0..101).map(|number| format!("n&{number}")).collect();
    let page = |after: Option<&str>| listed(all.clone(), after, |name| name);
    let (rows, next) = page(None);
    assert_eq!((rows.len(), next.as_deref()), (super::ROWS, Some("after=n%2649")));
    let (rows, next) = page(Some("n&49"));
    assert_eq!(
        (rows[0].as_str(), next.as_deref()),
        ("n&50", Some("after=n%2699"))
    );
    let (rows, next) = page(Some("n&99"));
    assert_eq!((rows.len(), next), (1, None));
    // What is gone meanwhile begins anew.
    assert_eq!(page(Some("gone")).0[0], "n&0");
    assert_eq!(listed(all[..50].to_vec(), None, |name| name).1, None);
}

#[test]
fn labels_are_typed_with_spaces_or_commas() {
    let scope: Scope = labels(" team=web, team=db\nenv=prod ").expect("labels");
    assert_eq!(scope.to_string(), "env=prod,team=db,team=web");
    assert!(labels::<Scope>("").expect("none").is_all());
    let refused = labels::<Scope>("team").expect_err("no value");
    assert!(refused.error().contains("KEY=VALUE"));
}
