use hickory_resolver::proto::rr::RecordType;
use proptest::prelude::*;

use super::{
    NAME, addresses, fronts, list,
    made::{address_of, alias, https, https_alias, response},
    read,
};

#[test]
fn addresses_are_those_of_the_question() {
    let message = response(
        RecordType::A,
        NAME,
        vec![
            address_of(NAME, "192.0.2.1", 60),
            address_of("other.example", "192.0.2.9", 60),
            address_of(NAME, "192.0.2.2", 30),
            address_of(NAME, "192.0.2.1", 90),
        ],
    );
    assert_eq!(addresses(&message), list(&[("192.0.2.1", 90), ("192.0.2.2", 30)]));
}

#[test]
fn case_does_not_matter() {
    let message = response(
        RecordType::AAAA,
        "aPi.OpEnAI.cOm.",
        vec![
            alias("API.openai.com.", "Edge.Example.NET.", 60),
            address_of("edGE.eXample.net.", "2001:db8::1", 60),
        ],
    );
    assert_eq!(addresses(&message), list(&[("2001:db8::1", 60)]));
    assert_eq!(read(&message.to_vec().unwrap()).question.as_str(), NAME);
}

#[test]
fn aliases_in_a_circle_lead_nowhere() {
    let message = response(
        RecordType::A,
        NAME,
        vec![
            alias(NAME, "a.example", 60),
            alias("a.example", "b.example", 60),
            alias("b.example", NAME, 60),
            alias("b.example", "b.example", 60),
            address_of("b.example", "192.0.2.1", 10),
        ],
    );
    assert_eq!(addresses(&message), list(&[("192.0.2.1", 10)]));
}

#[test]
fn a_chain_has_an_end() {
    let mut records = vec![alias(NAME, "h0.example", 60)];
    for hop in 0..40 {
        records.push(alias(
            &format!("h{hop}.example"),
            &format!("h{}.example", hop + 1),
            60,
        ));
    }
    records.push(address_of("h10.example", "192.0.2.10", 60));
    records.push(address_of("h40.example", "192.0.2.40", 60));
    let message = response(RecordType::A, NAME, records);
    assert_eq!(addresses(&message), list(&[("192.0.2.10", 60)]));
}

#[test]
fn services_hint_at_addresses_and_name_fronts() {
    let message = response(
        RecordType::HTTPS,
        NAME,
        vec![https(
            NAME,
            ".",
            300,
            &["192.0.2.1", "2001:db8::1"],
            &["Front.Example", "second.example", "front.example"],
        )],
    );
    assert_eq!(
        addresses(&message),
        list(&[("192.0.2.1", 300), ("2001:db8::1", 300)])
    );
    assert_eq!(
        fronts(&message),
        list(&[("front.example", 300), ("second.example", 300)])
    );
}

#[test]
fn services_lead_to_other_names() {
    let mut message = response(
        RecordType::HTTPS,
        NAME,
        vec![
            https(NAME, "svc.example", 50, &[], &[]),
            https_alias(NAME, "pool.example", 300),
            https("pool.example", ".", 200, &["192.0.2.2"], &["front.example"]),
            https("other.example", ".", 200, &["192.0.2.9"], &["wrong.example"]),
        ],
    );
    message.add_additional(address_of("svc.example", "192.0.2.1", 100));
    message.add_authority(address_of("svc.example", "192.0.2.8", 100));
    message.add_additional(address_of("ns.example", "192.0.2.7", 100));
    assert_eq!(
        addresses(&message),
        list(&[("192.0.2.1", 50), ("192.0.2.2", 200)])
    );
    assert_eq!(fronts(&message), list(&[("front.example", 200)]));
}

proptest! {
    #[test]
    fn order_does_not_matter(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        ttls in prop::collection::vec(0_u32..100_000, 11),
    ) {
        let least = ttls.iter().min().copied().unwrap_or_default();
        let mut records: Vec<_> = (0..11)
            .map(|hop| match hop {
                0 => alias(NAME, "h1.example", ttls[0]),
                10 => address_of("h10.example", "192.0.2.1", ttls[10]),
                _ => alias(&format!("h{hop}.example"), &format!("h{}.example", hop + 1), ttls[hop]),
            })
            .collect();
        records.push(address_of("stray.example", "192.0.2.9", 1));
        let shuffled = order.iter().map(|&at| records[at].clone()).collect();
        let message = response(RecordType::A, NAME, shuffled);
        prop_assert_eq!(addresses(&message), list(&[("192.0.2.1", least)]));
    }
}
