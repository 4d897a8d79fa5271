//! The agent, as NDJSON's contract has it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::{Observer, Watch};
use crate::TestBed;
use crate::agent::{Agent, Setup};
use crate::event::{Event, Kind};
use crate::machine::{binary, output};
use crate::scorecard::Observed;
use crate::scorecard::caused::Place;
use crate::scorecard::observed::Counted;
use crate::truth::{Bytes, Protocol};
use crate::wait::poll;

/// How long after the end of a scenario the agent may still say something of it.
const GRACE: Duration = Duration::from_secs(2);

pub(super) struct Umbra;

struct Watching(Agent);

impl Observer for Umbra {
    fn version(&self) -> Result<String, String> {
        output(Command::new(binary("umbra-agent")?).arg("--version"))
    }

    /// It watches the whole host: where the bed is makes no difference to it.
    fn watch(&self, _bed: &TestBed) -> Box<dyn Watch> {
        Box::new(Watching(Agent::start(&Setup::default())))
    }
}

impl Watch for Watching {
    fn finish(self: Box<Self>, enough: &dyn Fn(&[Observed]) -> bool) -> Vec<Observed> {
        let Self(mut agent) = *self;
        poll(GRACE, || enough(&flows(&agent.events())).then_some(()));
        let status = agent.process.interrupt();
        assert!(status.success(), "the agent ended badly ({status})");
        flows(&agent.events())
    }
}

/// The last that is said of each flow.
fn flows(events: &[Event]) -> Vec<Observed> {
    let mut flows = BTreeMap::new();
    for event in events {
        let last = flows.entry(event.flow_id.to_string()).or_insert(event);
        if event.event == Kind::FlowClose {
            *last = event;
        }
    }
    flows.into_values().map(observed).collect()
}

fn observed(event: &Event) -> Observed {
    let protocol = match event.protocol.as_str() {
        "tcp" => Protocol::Tcp,
        _ => Protocol::Udp,
    };
    let bytes = event.bytes_out.zip(event.bytes_in);
    let container = event.container.as_ref().map(|it| Place::Container(it.id.clone()));
    // A user's own manager is a unit of the system's.
    let unit = event.user_unit.as_ref().or(event.unit.as_ref());
    let unit = unit.cloned().map(Place::Unit);
    Observed {
        to: Some((protocol, SocketAddr::new(event.dst.ip, event.dst.port))),
        // An own look-up of the address says nothing about the flow.
        names: Vec::from_iter(Some(event.name.clone()).filter(|_| event.evidence != "ip")),
        vendor: Some(event.vendor.clone()),
        exe: event.process.exe.clone(),
        program: Some(event.process.program.clone()),
        uid: Some(event.user.uid),
        user: event.user.name.clone(),
        place: Some(container.or(unit).unwrap_or(Place::Host)),
        bytes: bytes.map(|(out, r#in)| Counted::Payload(Bytes { out, r#in })),
    }
}
