use super::{
    super::Others, API, CHAT, GRACE, OTHER, RESOLVER, SECOND, Table, address, asked, given, process, who,
};
use crate::names::dns::{Kind, Response};
use crate::names::host::HostName;

const DAY: u64 = 24 * 60 * 60;

#[test]
fn who_asked_for_one_name_goes_to_it() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API]);
    assert_eq!(who(&table, 1), Some(API));
    assert_eq!(who(&table, 2), None);
    let elsewhere = table.who(&1, address(2), 10 * SECOND, Others::default());
    assert_eq!(elsewhere, None);
}

#[test]
fn of_names_that_count_as_one_the_last_is_given() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API, CHAT]);
    assert_eq!(who(&table, 1), Some(CHAT));
    table.learn(process(1), asked(API), address(1), 1, 3 * SECOND);
    assert_eq!(who(&table, 1), Some(API));
}

#[test]
fn names_that_do_not_count_as_one_make_it_uncertain() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API, OTHER]);
    given(&mut table, process(2), &[OTHER]);
    assert_eq!(who(&table, 1), None);
    assert_eq!(who(&table, 2), Some(OTHER));
}

#[test]
fn a_name_that_nobody_wants_makes_it_uncertain_for_its_asker() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API]);
    given(&mut table, process(2), &[API]);
    table.learn_other(process(1), address(1), 60, 0);
    assert_eq!(who(&table, 1), None);
    assert_eq!(who(&table, 2), Some(API));
    let with = |own, any| table.who(&2, address(1), SECOND, Others { own, any });
    assert_eq!(with(true, true), None);
    assert_eq!(with(false, true).map(|asked| &*asked.name), Some(API));
}

#[test]
fn a_resolver_asks_for_the_processes_that_do_not() {
    let mut table = Table::default();
    given(&mut table, RESOLVER, &[API]);
    assert_eq!(who(&table, 1), Some(API));
    let with = |own, any| table.who(&1, address(1), SECOND, Others { own, any });
    assert_eq!(with(true, true), None);
    assert_eq!(with(false, true), None);
}

#[test]
fn what_anyone_was_given_makes_the_resolvers_answer_uncertain() {
    for name in [Some(OTHER), None] {
        let mut table = Table::default();
        given(&mut table, RESOLVER, &[API]);
        match name {
            Some(name) => given(&mut table, process(2), &[name]),
            None => table.learn_other(process(2), address(1), 60, 0),
        }
        assert_eq!(who(&table, 1), None);
        // Who asked itself is not uncertain.
        given(&mut table, process(1), &[API]);
        assert_eq!(who(&table, 1), Some(API));
    }
    let mut table = Table::default();
    given(&mut table, RESOLVER, &[API]);
    given(&mut table, process(2), &[CHAT]);
    assert_eq!(who(&table, 1), Some(API));
}

#[test]
fn answers_hold_for_their_ttl_and_a_little_longer() {
    let grace = GRACE;
    for (ttl, holds) in [(0, grace), (60, 60 + grace), (u32::MAX, DAY + grace)] {
        let mut table = Table::default();
        table.learn(process(1), asked(API), address(1), ttl, 7);
        let at = |now| table.who(&1, address(1), now, Others::default()).is_some();
        assert!(at(7));
        assert!(at(6 + holds * SECOND), "{ttl}");
        assert!(!at(7 + holds * SECOND), "{ttl}");
    }
}

#[test]
fn a_later_answer_does_not_shorten_an_earlier_one() {
    let mut table = Table::default();
    table.learn(process(1), asked(API), address(1), 60, 0);
    table.learn(process(1), asked(API), address(1), 0, SECOND);
    assert!(
        table
            .who(&1, address(1), 50 * SECOND, Others::default())
            .is_some()
    );
}

#[test]
fn what_is_over_makes_nothing_uncertain() {
    let mut table = Table::default();
    given(&mut table, process(1), &[API]);
    table.learn_other(process(1), address(1), 1, 0);
    let over = GRACE + 1;
    let at = |second| table.who(&1, address(1), second * SECOND, Others::default());
    assert_eq!(at(over - 1), None);
    assert!(at(over).is_some());
}

#[test]
fn addresses_of_the_host_itself_are_not_kept() {
    let mut table = Table::default();
    for own in [
        "0.0.0.0",
        "::",
        "127.0.0.1",
        "127.0.0.53",
        "::1",
        "::ffff:127.0.0.1",
    ] {
        let own = own.parse().unwrap();
        table.learn(process(1), asked(API), own, 60, 0);
        assert_eq!(table.who(&1, own, 0, Others::default()), None);
    }
}

#[test]
fn an_address_is_the_same_in_both_its_forms() {
    let mut table = Table::default();
    table.learn(process(1), asked(API), "::ffff:192.0.2.1".parse().unwrap(), 60, 0);
    assert_eq!(who(&table, 1), Some(API));
    let mapped = "::ffff:192.0.2.1".parse().unwrap();
    assert!(table.who(&1, mapped, 0, Others::default()).is_some());
}

#[test]
fn a_response_teaches_all_its_addresses() {
    let mut table = Table::default();
    let mut response = Response {
        question: HostName::read(API.as_bytes()).unwrap(),
        kind: Kind::A,
        addresses: vec![(address(1), 60), (address(2), 60)],
        ech_public_names: Vec::new(),
        truncated: false,
    };
    table.learn_response(&process(1), &response, Some(&"openai.com".to_owned()), 0);
    for number in [1, 2] {
        let found = table.who(&1, address(number), 0, Others::default()).unwrap();
        assert_eq!(&*found.name, API);
    }
    response.question = HostName::read(b"unwanted.example").unwrap();
    table.learn_response(&process(1), &response, None, 0);
    assert_eq!(who(&table, 1), None);
    assert!(!format!("{table:?}").contains("unwanted"));
}
