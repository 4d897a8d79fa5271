//! What a test expects of a flow that it caused itself.

use std::time::Duration;

use umbra_tests::bed::Run;
use umbra_tests::clients::Tool;
use umbra_tests::event::Flow;
use umbra_tests::machine::is_slow;
use umbra_tests::truth::{Bytes, Connection};
use umbra_tests::wait::eventually;
use umbra_tests::{Agent, Event, TestBed};

use crate::names::Known;

/// How long an event may take from the kernel to stdout, with a margin for a loaded machine.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// How a flow must be known, and over what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence(pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const TLS: Evidence = Evidence("tls_sni", "tcp");
pub(crate) const QUIC: Evidence = Evidence("quic_sni", "udp");
pub(crate) const HTTP: Evidence = Evidence("http_host", "tcp");
pub(crate) const DNS: Evidence = Evidence("dns", "tcp");
pub(crate) const DNS_OF_UDP: Evidence = Evidence("dns", "udp");
pub(crate) const CONNECT: Evidence = Evidence("proxy_connect", "tcp");
pub(crate) const SOCKS: Evidence = Evidence("socks", "tcp");
pub(crate) const SOCKS_OF_UDP: Evidence = Evidence("socks", "udp");

/// Waits until agent and server agree about the flows of some processes to a name, and gives the flows.
///
/// Their bytes are the server's, but for what [no socket received](Connection::unheard).
///
/// `own` says whether an event is of these processes; `truth` picks their connections out of the server's.
pub(crate) fn agreement(
    agent: &Agent,
    bed: &TestBed,
    own: impl Fn(&Event) -> bool,
    truth: impl Fn(&Connection) -> bool,
) -> Vec<Flow> {
    eventually(SOON, || {
        let connections: Vec<_> = bed.connections().into_iter().filter(&truth).collect();
        let flows = agent.flows(&own);
        let closed: Vec<_> = flows.iter().filter_map(Flow::bytes).collect();
        let seen: Bytes = closed.iter().copied().sum();
        let counted: Bytes = connections.iter().collect();
        let unheard = connections.iter().map(Connection::unheard).sum();
        let agree = !flows.is_empty()
            && closed.len() == flows.len()
            && flows.len() == connections.len()
            && counted.agrees(seen, unheard);
        agree.then_some(flows).ok_or_else(|| {
            format!(
                "the agent saw {} flows closed with {seen:?}, the server {} with {counted:?}:\n{connections:?}",
                closed.len(),
                connections.len(),
            )
        })
    })
}

/// How long a flow waits for its user's name, in milliseconds (`docs/NDJSON.md`, "What comes late").
const WAIT_MS: u64 = 500;

/// Checks all that is said of a flow of TLS over TCP against what the test knows.
pub(crate) fn check(flow: &Flow, known: &Known, tool: &Tool, run: &Run, bed: &TestBed, uid: u32) {
    check_by(flow, TLS, known, tool, run, bed, uid);
}

/// The same with other evidence.
pub(crate) fn check_by(
    flow: &Flow,
    evidence: Evidence,
    known: &Known,
    tool: &Tool,
    run: &Run,
    bed: &TestBed,
    uid: u32,
) {
    for event in std::iter::once(&flow.open).chain(&flow.close) {
        let process = &event.process;
        check_name(event, evidence, known);
        assert_eq!((event.dst.ip, event.dst.port), (known.address, known.port));
        assert_eq!(event.host, host(), "{event:?}");
        assert_eq!(event.user.uid, uid, "{event:?}");
        // A flow waits for its user's name half a second, in which an emulated processor may not find it, nor has one found
        // it that ended within that time.
        let is_long = event.duration_ms.is_some_and(|duration| duration > WAIT_MS);
        if is_long || event.user.name.is_some() || !is_slow() {
            assert_eq!(event.user.name.as_deref(), (uid == 0).then_some("root"));
        }
        assert_eq!(process.exe.as_deref(), tool.exe.to_str(), "{process:?}");
        assert_eq!(
            process.script.as_deref(),
            tool.script.as_ref().and_then(|path| path.to_str())
        );
        assert_eq!(process.program, tool.program, "{process:?}");
        assert_eq!(process.cwd.as_deref(), bed.dir().to_str(), "{process:?}");
        if !tool.has_helpers {
            assert_eq!(process.pid, run.process.pid(), "{process:?}");
            assert_eq!(process.args.as_ref(), Some(&run.args), "{process:?}");
        }
    }
}

/// Checks what is said of a flow's name.
pub(crate) fn check_name(event: &Event, evidence: Evidence, known: &Known) {
    let Evidence(evidence, protocol) = evidence;
    assert_eq!(event.name, known.name, "{event:?}");
    assert_eq!(event.vendor, known.vendor, "{event:?}");
    assert_eq!(event.service, known.service, "{event:?}");
    assert_eq!(event.evidence, evidence, "{event:?}");
    assert_eq!(event.protocol, protocol, "{event:?}");
}

/// Whether an event is of this run. The helper processes of a browser are known by their file and the bed's folder.
pub(crate) fn is_of(event: &Event, tool: &Tool, run: &Run, bed: &TestBed) -> bool {
    if tool.has_helpers {
        event.process.exe.as_deref() == tool.exe.to_str()
            && event.process.cwd.as_deref() == bed.dir().to_str()
    } else {
        event.process.pid == run.process.pid()
    }
}

/// Whether a connection is of the run with this path. A browser connects ahead of need, with no request at all.
pub(crate) fn is_part_of(truth: &Connection, tool: &Tool, known: &Known, path: &str) -> bool {
    let is_its_path = truth
        .path
        .as_deref()
        .map_or(tool.has_helpers, |seen| seen == path);
    truth.name.as_deref() == Some(known.name) && is_its_path
}

/// The one flow of which the test is true, once it is closed.
pub(crate) fn flow_of(agent: &Agent, wanted: impl Fn(&Event) -> bool) -> Flow {
    eventually(SOON, || {
        let mut flows = agent.flows(&wanted);
        let closed = flows.len() == 1 && flows[0].close.is_some();
        closed.then(|| flows.remove(0)).ok_or_else(|| {
            let all: Vec<_> = agent.flows(|_| true).iter().map(brief).collect();
            format!("{} such flows of\n{}", flows.len(), all.join("\n"))
        })
    })
}

/// A flow in a line, for a person who looks for a fault.
fn brief(flow: &Flow) -> String {
    let Event {
        flow_id,
        name,
        evidence,
        dst,
        via,
        relays,
        process,
        ..
    } = &flow.open;
    let (program, pid, bytes) = (&process.program, process.pid, flow.bytes());
    format!(
        "{flow_id}: {program} ({pid}) to {name} by {evidence}, {dst:?} {via:?} {relays:?}, closed with {bytes:?}"
    )
}

/// Checks that nothing was lost.
pub(crate) fn nothing_lost(agent: &Agent) {
    let mut lost = agent.metrics().all("umbra_agent_losses_total");
    lost.retain(|(_, count)| *count > 0.0);
    assert!(lost.is_empty(), "{lost:?}");
}

/// Checks that the agent said none of these names, and ends it: these processes must have no flow.
pub(crate) fn untold<'a>(agent: Agent, names: impl IntoIterator<Item = &'a str>, pids: &[u32]) {
    let told = agent.process.stdout.text() + &agent.process.stderr.text();
    for name in names {
        assert!(!told.contains(name), "{name} in\n{told}");
    }
    let flows = agent.stop_and_flows(|event| pids.contains(&event.process.pid));
    assert!(flows.is_empty(), "{flows:?}");
}

pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("every kernel has a host name");
    name.trim_end().to_owned()
}
