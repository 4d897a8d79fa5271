mod bounds;
mod ech;
mod model;
mod rules;

use std::net::IpAddr;

use umbra_agent_common::answer::GRACE_SECONDS;

use super::{Answers, Asked, Asker, Others};

const SECOND: u64 = 1_000_000_000;
/// In seconds.
const GRACE: u64 = GRACE_SECONDS as u64;
const API: &str = "api.openai.com";
/// Of the same pattern as [`API`].
const CHAT: &str = "chat.openai.com";
const OTHER: &str = "api.anthropic.com";

const RESOLVER: Asker<u32> = Asker {
    key: u32::MAX,
    is_resolver: true,
};

/// Askers are numbers, and names count as one that have the same domain.
type Table = Answers<u32, String>;

fn process(key: u32) -> Asker<u32> {
    Asker {
        key,
        is_resolver: false,
    }
}

fn asked(name: &str) -> Asked<String> {
    Asked {
        name: name.into(),
        wanted: name.split_once('.').unwrap().1.to_owned(),
    }
}

fn address(number: u8) -> IpAddr {
    [192, 0, 2, number].into()
}

/// That `asker` was given the first address for `names`, one a second, for a minute.
fn given(table: &mut Table, asker: Asker<u32>, names: &[&str]) {
    for (second, name) in (0..).zip(names) {
        table.learn(asker, asked(name), address(1), 60, second * SECOND);
    }
}

/// The name of a flow to the first address, ten seconds after the first answer.
fn who(table: &Table, asker: u32) -> Option<&str> {
    let found = table.who(&asker, address(1), 10 * SECOND, Others::default());
    found.map(|asked| &*asked.name)
}
