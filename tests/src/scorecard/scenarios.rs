//! All scenarios, by what they vary.

mod blind_spots;
mod clients;
mod lifetimes;
mod paths;
mod places;
mod proxies;
mod quic;
mod sockets;

use super::caused::Caller;
use super::scenario::Missing;
use super::stage::{Known, OPENAI, direct};
use super::{Group, Scenario};
use crate::clients::{CLIENTS, Call, QUIC_CLIENTS, Tool};

/// In the order of the table.
pub(super) fn all() -> Vec<Scenario> {
    [
        clients::all(),
        paths::all(),
        quic::all(),
        sockets::all(),
        lifetimes::all(),
        places::all(),
        proxies::all(),
        blind_spots::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A client of the tables.
fn tool(name: &str) -> Result<Tool, Missing> {
    let mut all = CLIENTS.iter().chain(&QUIC_CLIENTS);
    let client = all.find(|client| client.name == name);
    Ok(client.expect("a client of the tables").tool()?)
}

/// A call to the usual name.
fn get(path: &'static str) -> Call<'static> {
    Call::to(OPENAI.name, path)
}

/// A client that is told in which manner to make a call.
fn calling(
    group: Group,
    id: &str,
    what: &str,
    (client, manner): (&'static str, &'static [&'static str]),
    (known, call): (Known, Call<'static>),
) -> Scenario {
    Scenario::new(group, id, what, move |stage| {
        Ok(stage.call(&tool(client)?.with(manner), known, &call))
    })
}

/// A client that sends its request beside the hello, after a first connection.
fn early(id: &str, client: &'static str) -> Scenario {
    Scenario::new(
        Group::Path,
        id,
        "the request beside the hello (0-RTT), after a first connection",
        move |stage| {
            let tool = tool(client)?.with(&["--early"]);
            stage.bed.run(&tool, &get("/bytes/1000"));
            let truth = stage.counted(2, |it| it.name.as_deref() == Some(OPENAI.name));
            let caller = Caller::of(&tool);
            Ok(truth.iter().map(|it| direct(OPENAI, it, &caller)).collect())
        },
    )
}
