//! What a test expects of a flow that it caused itself.

use std::time::Duration;

use umbra_tests::bed::Run;
use umbra_tests::clients::Tool;
use umbra_tests::event::Flow;
use umbra_tests::truth::{Bytes, Connection};
use umbra_tests::wait::eventually;
use umbra_tests::{Agent, Event, TestBed};

use crate::names::Known;

/// How long an event may take from the kernel to stdout, with a margin for a loaded machine.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// Waits until agent and server agree about the flows of some processes to a name, and gives the flows.
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
        let seen = closed.iter().fold(Bytes::default(), |sum, bytes| Bytes {
            out: sum.out + bytes.out,
            r#in: sum.r#in + bytes.r#in,
        });
        let counted: Bytes = connections.iter().collect();
        let agree = !flows.is_empty()
            && closed.len() == flows.len()
            && flows.len() == connections.len()
            && seen == counted;
        agree.then_some(flows).ok_or_else(|| {
            format!(
                "the agent saw {} flows closed with {seen:?}, the server {} with {counted:?}:\n{connections:?}",
                closed.len(),
                connections.len(),
            )
        })
    })
}

/// Checks all that is said of a flow against what the test knows.
pub(crate) fn check(flow: &Flow, known: &Known, tool: &Tool, run: &Run, bed: &TestBed, uid: u32) {
    for event in std::iter::once(&flow.open).chain(&flow.close) {
        let process = &event.process;
        assert_eq!(event.name, known.name);
        assert_eq!(event.vendor, known.vendor, "{event:?}");
        assert_eq!(event.service, known.service, "{event:?}");
        assert_eq!(event.evidence, "tls_sni", "{event:?}");
        assert_eq!(event.protocol, "tcp");
        assert_eq!((event.dst.ip, event.dst.port), (known.address, known.port));
        assert_eq!(event.host, host(), "{event:?}");
        assert_eq!(event.user.uid, uid, "{event:?}");
        assert_eq!(event.user.name.as_deref(), (uid == 0).then_some("root"));
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

pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("every kernel has a host name");
    name.trim_end().to_owned()
}
