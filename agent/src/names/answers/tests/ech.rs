use super::{
    super::{EchVerdict, Others},
    API, CHAT, GRACE, OTHER, RESOLVER, SECOND, Table, address, asked, given, process,
};
use crate::names::host::HostName;

const FRONT: &str = "cloudflare-ech.com";

fn front_of(table: &mut Table, name: &str) {
    table.learn_front(&name.into(), &HostName::read(FRONT.as_bytes()).unwrap(), 60, 0);
}

/// What the outer name of a hello of process 1 to the first address is, as text.
fn judge(table: &Table, outer: &str, others: Others) -> String {
    let outer = HostName::read(outer.as_bytes());
    match table.judge_ech(&1, address(1), outer.as_ref(), 10 * SECOND, others) {
        EchVerdict::Grease => "grease".to_owned(),
        EchVerdict::Real(asked) => asked.name.to_string(),
        EchVerdict::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn a_name_that_was_asked_for_is_the_true_one() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API, OTHER]);
    front_of(&mut table, API);
    assert_eq!(judge(&table, OTHER, Others::default()), "grease");
    assert_eq!(judge(&table, API, Others::default()), "grease");
    assert_eq!(judge(&table, OTHER, Others { own: true, any: true }), "grease");
}

#[test]
fn a_front_stands_for_the_name_that_was_asked_for() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API, OTHER]);
    front_of(&mut table, API);
    assert_eq!(judge(&table, FRONT, Others::default()), API);
    assert_eq!(
        judge(
            &table,
            FRONT,
            Others {
                own: false,
                any: true
            }
        ),
        API
    );
    assert_eq!(judge(&table, FRONT, Others { own: true, any: true }), "unknown");
    table.learn_other(process(1), address(1), 60, 0);
    assert_eq!(judge(&table, FRONT, Others::default()), "unknown");
}

#[test]
fn a_front_of_several_names_is_of_none_unless_they_count_as_one() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API, CHAT]);
    front_of(&mut table, API);
    front_of(&mut table, CHAT);
    assert_eq!(judge(&table, FRONT, Others::default()), CHAT);
    given(&mut table, process(1), &[OTHER]);
    assert_eq!(judge(&table, FRONT, Others::default()), CHAT);
    front_of(&mut table, OTHER);
    assert_eq!(judge(&table, FRONT, Others::default()), "unknown");
}

#[test]
fn the_rest_is_not_known() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API]);
    assert_eq!(judge(&table, FRONT, Others::default()), "unknown");
    assert_eq!(judge(&table, "", Others::default()), "unknown");
    // The front was asked for itself.
    front_of(&mut table, API);
    given(&mut table, process(1), &[FRONT]);
    assert_eq!(judge(&table, FRONT, Others::default()), "unknown");
}

#[test]
fn a_resolver_asks_for_the_processes_that_do_not() {
    let mut table = Table::default();
    given(&mut table, process(2), &[API]);
    front_of(&mut table, API);
    assert_eq!(judge(&table, API, Others::default()), "unknown");
    given(&mut table, RESOLVER, &[API]);
    assert_eq!(judge(&table, API, Others::default()), "grease");
    assert_eq!(judge(&table, FRONT, Others::default()), API);
    assert_eq!(
        judge(
            &table,
            FRONT,
            Others {
                own: false,
                any: true
            }
        ),
        "unknown"
    );
}

#[test]
fn a_configuration_holds_for_its_ttl() {
    let mut table = Table::default();
    table.learn(process(1), asked(API), address(1), 600, 0);
    front_of(&mut table, API);
    let front = HostName::read(FRONT.as_bytes());
    let at = |second| table.judge_ech(&1, address(1), front.as_ref(), second * SECOND, Others::default());
    let over = 60 + GRACE;
    assert!(matches!(at(over - 1), EchVerdict::Real(_)));
    assert_eq!(at(over), EchVerdict::Unknown);
}
