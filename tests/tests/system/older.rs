//! A socket that was connected before the agent started is followed from its hello on.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use umbra_tests::agent::{Agent, Setup, Turn};
use umbra_tests::event::Namespaces;
use umbra_tests::machine;
use umbra_tests::process::Process;
use umbra_tests::skip::Need;
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, OUTSIDE, bed};

/// How exactly `/proc` tells times, twice: of the start and of now.
const TICK: Duration = Duration::from_millis(20);

/// Connects, waits for a file, and only then says hello.
const CLIENT: &str = "
import os, socket, ssl, sys, time
name, authority, signal = sys.argv[1:]
plain = socket.create_connection((name, 443))
print('connected', flush=True)
while not os.path.exists(signal):
    time.sleep(0.02)
tls = ssl.create_default_context(cafile=authority).wrap_socket(plain, server_hostname=name)
tls.sendall(b'GET /bytes/1000 HTTP/1.0\\r\\nhost: ' + name.encode() + b'\\r\\n\\r\\n')
while tls.recv(65536):
    pass
";

#[test]
fn a_socket_older_than_the_agent_is_followed_from_its_hello() {
    let Some(bed) = bed(&[Need::Program("python3")]) else {
        return;
    };
    let (script, signal) = (bed.dir().join("older.py"), bed.dir().join("go"));
    fs::write(&script, CLIENT).expect("the bed's own folder");
    // Servers let go of who says nothing for two minutes.
    let turn = Turn::take();
    let before = SystemTime::now();
    let mut clients = [OPENAI.name, OUTSIDE[0].1].map(|name| {
        let mut command = bed.command("python3");
        command.arg(&script).arg(name).arg(bed.authority()).arg(&signal);
        let mut client = Process::start(&mut command);
        client.said("connected", Duration::from_secs(10));
        client
    });
    let after = SystemTime::now();
    let agent = Agent::start_in(turn, &Setup::default());
    let namespaces = Namespaces::of(clients[0].pid());
    fs::write(&signal, "").expect("the bed's own folder");
    for client in &mut clients {
        client.succeed(Duration::from_secs(20));
    }
    let [to_openai, outside] = clients.map(|client| client.pid());
    let flow = eventually(SOON, || {
        let mut flows = agent.flows(|event| event.process.pid == to_openai);
        flows.pop().ok_or_else(|| "no flow".to_owned())
    });
    assert_eq!(
        (flow.open.name.as_str(), flow.open.evidence.as_str()),
        (OPENAI.name, "tls_sni")
    );
    let process = &flow.open.process;
    assert_eq!(process.script.as_deref(), script.to_str());
    assert_eq!(process.cwd.as_deref(), bed.dir().to_str());
    assert_eq!(process.ppid, Some(std::process::id()));
    assert_eq!(process.ancestors[0]["pid"], std::process::id());
    assert_eq!(process.args.as_ref().map(Vec::len), Some(5), "{process:?}");
    let exe = process.exe.as_deref().and_then(|exe| exe.rsplit('/').next());
    assert!(exe.is_some_and(|name| name.starts_with("python3")), "{process:?}");
    let started = time(process.started.as_deref().expect("known"));
    // /proc tells it to a clock tick.
    assert!(before - TICK <= started && started <= after, "{process:?}");
    assert_eq!((flow.open.user.uid, flow.open.user.gid), (0, Some(0)));
    assert_eq!(flow.open.process.namespaces, namespaces);
    assert!(namespaces.net.is_some());
    assert!(
        agent
            .stop_and_flows(|event| event.process.pid == outside)
            .is_empty()
    );
}

fn time(rfc3339: &str) -> SystemTime {
    let seconds = machine::output(Command::new("date").args(["-d", rfc3339, "+%s.%N"]));
    let seconds: f64 = seconds
        .unwrap_or_else(|why| panic!("{why}"))
        .parse()
        .expect("a number");
    SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}
