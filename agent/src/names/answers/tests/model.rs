//! The table does what a plain list of answers and the rules, word for word, would do.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{super::Others, GRACE, RESOLVER, SECOND, Table, address, asked, process};

const NAMES: [&str; 4] = [
    "a.one.example",
    "b.one.example",
    "c.two.example",
    "d.three.example",
];

#[derive(Clone, Debug)]
struct Given {
    asker: u32,
    /// `None`: one that nobody wants.
    name: Option<usize>,
    address: u8,
    until: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Learn(Given),
    /// Seconds.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let asker = prop::sample::select(vec![1, 2, 3, RESOLVER.key]);
    let name = prop::option::weighted(0.8, 0..NAMES.len());
    let given = (asker, name, 0_u8..3, 0_u64..20).prop_map(|(asker, name, address, ttl)| {
        Step::Learn(Given {
            asker,
            name,
            address,
            until: ttl,
        })
    });
    prop_oneof![4 => given, 1 => (0_u64..40).prop_map(Step::Wait)]
}

fn domain(name: Option<usize>) -> Option<String> {
    name.map(|name| asked(NAMES[name]).wanted)
}

/// The last name of `given`, if all names count as one and all are wanted.
fn one<'a>(given: impl Iterator<Item = &'a &'a Given> + Clone) -> Option<usize> {
    let domains: BTreeSet<_> = given.clone().map(|given| domain(given.name)).collect();
    given.last()?.name.filter(|_| domains.len() == 1)
}

fn expected(given: &[Given], asker: u32, address: u8, now: u64, others: Others) -> Option<usize> {
    let here: Vec<_> = given
        .iter()
        .filter(|given| given.address == address && given.until > now)
        .collect();
    let own = here.iter().filter(|given| given.asker == asker);
    if own.clone().next().is_some() {
        return one(own).filter(|_| !others.own);
    }
    one(here.iter())?;
    let resolvers = here.iter().filter(|given| given.asker == RESOLVER.key);
    one(resolvers).filter(|_| !others.own && !others.any)
}

proptest! {
    #[test]
    fn follows_the_rules(steps in prop::collection::vec(step(), 1..40), own: bool, any: bool) {
        let mut table = Table::default();
        let mut list: Vec<Given> = Vec::new();
        let mut now = 0;
        let others = Others { own, any: own || any };
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Learn(mut given) => {
                    let asker = if given.asker == RESOLVER.key { RESOLVER } else { process(given.asker) };
                    let ttl = u32::try_from(given.until).unwrap();
                    match given.name {
                        Some(name) => table.learn(asker, asked(NAMES[name]), address(given.address), ttl, now * SECOND),
                        None => table.learn_other(asker, address(given.address), ttl, now * SECOND),
                    }
                    given.until += now + GRACE;
                    list.retain(|old| {
                        let same = old.asker == given.asker && old.name == given.name && old.address == given.address;
                        if same {
                            given.until = given.until.max(old.until);
                        }
                        !same
                    });
                    list.push(given);
                }
            }
            for asker in [1, 2, 3, 4, RESOLVER.key] {
                for number in 0..3 {
                    let found = table.who(&asker, address(number), now * SECOND, others);
                    let expected = expected(&list, asker, number, now, others);
                    prop_assert_eq!(found.map(|asked| &*asked.name), expected.map(|name| NAMES[name]));
                }
            }
        }
        prop_assert_eq!(table.dropped(), 0);
    }
}
