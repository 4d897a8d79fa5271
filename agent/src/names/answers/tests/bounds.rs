use super::{
    super::Others, API, CHAT, GRACE, OTHER, RESOLVER, SECOND, Table, address, asked, given, process, who,
};
use crate::names::host::HostName;

const ROOM: u32 = 16_384;
const ROOM_OF_AN_ADDRESS: u32 = 64;
const ROOM_OF_FRONTS: u32 = 4096;

/// That process `number` was given an address of its own.
fn alone(table: &mut Table, number: u32, ttl: u32, now: u64) {
    table.learn(process(number), asked(API), number.to_be_bytes().into(), ttl, now);
}

fn is_known(table: &Table, number: u32, now: u64) -> bool {
    let address = number.to_be_bytes().into();
    table.who(&number, address, now, Others::default()).is_some()
}

#[test]
fn what_is_over_goes_first_and_is_not_lost() {
    let mut table = Table::default();
    for number in 1..=ROOM {
        alone(&mut table, number, if number % 2 == 0 { 1 } else { 600 }, 0);
    }
    let over = (1 + GRACE) * SECOND;
    for number in 1..=ROOM / 2 {
        alone(&mut table, ROOM + number, 600, over);
    }
    assert_eq!(table.dropped(), 0);
    assert!(is_known(&table, 1, over));
}

#[test]
fn then_the_oldest_goes() {
    let mut table = Table::default();
    for number in 1..=ROOM {
        alone(&mut table, number, 600, 0);
    }
    alone(&mut table, 1, 600, 0);
    assert_eq!(table.dropped(), 0);
    alone(&mut table, ROOM + 1, 600, 0);
    assert_eq!(table.dropped(), 1);
    assert!(is_known(&table, 1, 0));
    assert!(!is_known(&table, 2, 0));
    assert!(is_known(&table, 3, 0));
    assert!(is_known(&table, ROOM + 1, 0));
}

#[test]
fn an_address_may_be_asked_for_by_many() {
    let mut table = Table::default();
    given(&mut table, RESOLVER, &[API]);
    for number in 1..=ROOM_OF_AN_ADDRESS {
        given(&mut table, process(number), &[API]);
    }
    assert_eq!(table.dropped(), 1);
    assert_eq!(who(&table, 1), Some(API));
    // What was dropped might have been another name.
    given(&mut table, RESOLVER, &[API]);
    assert_eq!(table.dropped(), 2);
    assert_eq!(who(&table, 1), None);
    assert_eq!(who(&table, 2), Some(API));
}

#[test]
fn who_asked_for_too_many_names_does_not_look_certain() {
    let mut table = Table::default();
    given(&mut table, process(1), &[OTHER]);
    for number in 0..2 * ROOM_OF_AN_ADDRESS {
        given(&mut table, process(1), &[&format!("h{number}.openai.com")]);
        assert_eq!(who(&table, 1), None);
    }
    let mut table = Table::default();
    for number in 0..=ROOM_OF_AN_ADDRESS {
        given(&mut table, process(1), &[&format!("h{number}.openai.com")]);
    }
    assert_eq!(table.dropped(), u64::from(ROOM_OF_AN_ADDRESS));
    given(&mut table, process(1), &[CHAT]);
    assert_eq!(who(&table, 1), Some(CHAT));
}

#[test]
fn fronts_are_bounded() {
    let mut table = Table::default();
    let front = HostName::read(b"front.example").unwrap();
    for number in 0..ROOM_OF_FRONTS + 10 {
        table.learn_front(&format!("h{number}.example").into(), &front, 60, 0);
    }
    assert_eq!(table.dropped(), 10);
    for number in 0..20 {
        let front = HostName::read(format!("front{number}.example").as_bytes()).unwrap();
        table.learn_front(&API.into(), &front, 60, 0);
    }
    assert_eq!(table.dropped(), 10 + 1 + 12);
    assert_eq!(table.who(&1, address(1), 0, Others::default()), None);
}
