//! The systemd unit or the container that a program runs in is told, from the path of its cgroup.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::Flow;
use umbra_tests::fetch::initial;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, spared};
use umbra_tests::wait::eventually;
use umbra_tests::{Collector, TestBed};

use crate::expect::{SOON, flow_of};
use crate::names::{OPENAI, bed};
use crate::stage::Stage;

const ID: &str = "6d62726100000000000000000000000000000000000000000000000000000001";

/// Where a program runs, and what is told of it.
struct Case<'a> {
    cgroup: String,
    unit: Option<&'a str>,
    user_unit: Option<&'a str>,
    container: Option<&'a str>,
    pod: Option<&'a str>,
}

#[test]
fn flows_of_units_containers_and_pods_are_told_apart() {
    const POD: &str = "1858680e-b044-4fd5-9dd4-f137e30e2180";
    const NOWHERE: Case<'_> = Case {
        cgroup: String::new(),
        unit: None,
        user_unit: None,
        container: None,
        pod: None,
    };
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let unit = format!("umbra-t-{}.service", std::process::id());
    let cases = [
        Case {
            cgroup: unit.clone(),
            unit: Some(&unit),
            ..NOWHERE
        },
        Case {
            cgroup: format!("docker-{ID}.scope"),
            container: Some(ID),
            ..NOWHERE
        },
        Case {
            cgroup: "umbra-t.slice/user@4242.service/app.slice/app-bot-1.scope".to_owned(),
            unit: Some("user@4242.service"),
            user_unit: Some("app-bot-1.scope"),
            ..NOWHERE
        },
        Case {
            cgroup: format!("kubepods/besteffort/pod{POD}/{ID}"),
            container: Some(ID),
            pod: Some(POD),
            ..NOWHERE
        },
    ];
    // The others are the same to the kernel.
    let count = if spared("users' units and pods") {
        2
    } else {
        cases.len()
    };
    for case in cases.into_iter().take(count) {
        let cgroup = Cgroup::new(&case.cgroup);
        let mut run = cgroup.curl(&bed);
        run.succeed(Duration::from_secs(30));
        let flow = closed_flow_of(&agent, run.pid());
        let event = &flow.open;
        assert_eq!(event.unit.as_deref(), case.unit, "{event:?}");
        assert_eq!(event.user_unit.as_deref(), case.user_unit, "{event:?}");
        let container = event.container.as_ref();
        assert_eq!(container.map(|it| it.id.as_str()), case.container, "{event:?}");
        assert_eq!(
            container.and_then(|it| it.pod_uid.as_deref()),
            case.pod,
            "{event:?}"
        );
        // Executed by the shell itself: the shell is not an ancestor of what it became.
        assert_eq!(event.process.program, "/usr/bin/curl");
        assert_eq!(event.process.ppid, Some(std::process::id()), "{event:?}");
    }
    assert!(agent.stop().success());
}

#[test]
fn a_program_that_is_gone_is_found_by_its_cgroup() {
    let Some(stage) = Stage::new(&[]) else { return };
    let exe = stage.owner.exe.to_string_lossy();
    // One after the other, each in a container that was not there before, and over within milliseconds.
    for last in ["a", "b", "c"] {
        let id = format!("{}{last}", &ID[1..]);
        let cgroup = Cgroup::new(&format!("docker-{id}.scope"));
        let mut client = stage.bed.command(&*exe);
        client.args(&stage.owner.args(&exe, "plain", OPENAI.port, &[])[1..]);
        let mut run = cgroup.start(&client);
        run.succeed(Duration::from_secs(30));
        let flow = closed_flow_of(&stage.agent, run.pid());
        let found = flow.open.container.as_ref().map(|found| found.id.as_str());
        assert_eq!(found, Some(id.as_str()), "{flow:?}");
    }
    stage.end();
}

#[test]
fn a_program_that_is_gone_with_its_control_group_is_told_where_it_ran() {
    let Some(stage) = Stage::new(&[]) else { return };
    let exe = stage.owner.exe.to_string_lossy();
    let count = if spared("180 control groups more") {
        20
    } else {
        200
    };
    let places: HashMap<u32, String> = (0..count)
        .map(|number| {
            // Containers and services in turn; each is removed before the agent, which rests after a bell, has looked.
            let name = match number % 2 {
                0 => format!("docker-{number:064x}.scope"),
                _ => format!("umbra-t-{number}.service"),
            };
            let cgroup = Cgroup::new(&name);
            let mut client = stage.bed.command(&*exe);
            client.args(&stage.owner.args(&exe, "plain", OPENAI.port, &[])[1..]);
            let mut run = cgroup.start(&client);
            run.succeed(Duration::from_secs(30));
            (run.pid(), name)
        })
        .collect();
    let told = eventually(SOON, || {
        let flows = stage.agent.flows(|event| places.contains_key(&event.process.pid));
        let (wanted, found) = (places.len(), flows.len());
        (found == wanted)
            .then_some(flows)
            .ok_or_else(|| format!("{found} flows of {wanted}"))
    });
    for flow in told {
        let event = &flow.open;
        let place = match &event.container {
            Some(container) => format!("docker-{}.scope", container.id),
            None => event.unit.clone().unwrap_or_default(),
        };
        assert_eq!(place, places[&event.process.pid], "{event:?}");
    }
    stage.end();
}

/// Makes a socket, moves into the control group whose `cgroup.procs` is open as 9, and only then sends what a file holds.
const MOVES: &str = "
import os, socket, sys
stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
stream.connect(('127.0.0.1', 443))
os.write(9, b'0')
stream.send(open(sys.argv[1], 'rb').read())
stream.settimeout(10)
stream.recv(2000)
";

#[test]
fn who_moves_with_a_socket_is_told_where_it_was_when_it_sent() {
    let Some(stage) = Stage::serving(&[Need::Program("python3")], &["--quic", "443"]) else {
        return;
    };
    let initial = initial(OPENAI.name, &stage.bed.authority()).unwrap_or_else(|why| panic!("{why}"));
    let owner = stage.owner.saying(&stage.bed, &initial);
    let (before, after) = (
        Cgroup::new("umbra-t-before.service"),
        Cgroup::new("umbra-t-after.service"),
    );
    let mut client = stage.bed.command("python3");
    client.args(["-c", MOVES]).arg(&owner.hello);
    let mut opening = Command::new("sh");
    opening
        .args(["-c", "exec 9> \"$0\" && exec \"$@\""])
        .arg(after.0.join("cgroup.procs"))
        .arg(client.get_program())
        .args(client.get_args());
    let mut run = before.start(&opening);
    run.succeed(Duration::from_secs(30));
    let flow = flow_of(&stage.agent, |event| event.process.pid == run.pid());
    assert_eq!(
        flow.open.unit.as_deref(),
        Some("umbra-t-after.service"),
        "{flow:?}"
    );
    stage.end();
}

#[test]
fn a_runtime_that_hangs_holds_up_its_containers_alone() {
    if spared("runtimes that hang") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let dir = tempfile::tempdir().expect("a temporary folder");
    // Nobody takes the connections, and the path does not say whose the container is: each is waited for.
    let runtimes = ["containerd", "docker", "crio"].map(|runtime| {
        let socket = dir.path().join(runtime);
        let listener = UnixListener::bind(&socket).expect("the test's own folder");
        (listener, format!("{runtime}_socket = '{}'\n", socket.display()))
    });
    let keys: String = runtimes.iter().map(|(_, key)| key.as_str()).collect();
    let agent = Agent::start(&Setup {
        more: format!("[containers]\n{keys}"),
        ..Setup::default()
    });
    let (inside, outside) = (
        Cgroup::new(&format!("umbra-t/{ID}")),
        Cgroup::new("umbra-t.service"),
    );
    let mut held = inside.curl(&bed);
    held.succeed(Duration::from_secs(30));
    let mut other = outside.curl(&bed);
    other.succeed(Duration::from_secs(30));
    let flow = closed_flow_of(&agent, held.pid());
    let container = flow.open.container.expect("the path tells it");
    assert_eq!((container.id.as_str(), container.image), (ID, None));
    let opened: Vec<_> = agent
        .flows(|_| true)
        .iter()
        .map(|flow| flow.open.process.pid)
        .collect();
    let place = |pid| opened.iter().position(|opened| *opened == pid);
    assert!(place(other.pid()) < place(held.pid()), "{opened:?}");
    assert!(place(other.pid()).is_some());
    assert!(agent.stop().success());
}

#[test]
fn a_slow_runtime_makes_no_second_caller() {
    // Longer than a flow waits for anything else.
    const SLOW: Duration = Duration::from_millis(800);
    one_caller_with(|_| Some(SLOW), [Some(REFERENCE); 2]);
}

#[test]
fn a_runtime_that_hung_for_a_while_makes_no_second_caller() {
    // What is printed of the first flow does not wait until Docker is asked again.
    one_caller_with(
        |number| (number > 0).then_some(Duration::ZERO),
        [None, Some(REFERENCE)],
    );
}

/// The image of a made-up container.
const REFERENCE: &str = "docker.io/library/bot:1.2";

/// Two flows from a container of a Docker that answers its questions after so long, or never, are one caller's with an
/// image to the collector; and what is printed of each.
fn one_caller_with(answers_after: fn(usize) -> Option<Duration>, printed: [Option<&str>; 2]) {
    /// A runtime that hung is asked again within it.
    const AT_LAST: Duration = Duration::from_secs(40);
    if spared("slow runtimes") {
        return;
    }
    let Some(bed) = bed(&[Need::Binary("umbra-collector")]) else {
        return;
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let collector = Collector::start(dir.path(), None);
    let socket = dir.path().join("docker.sock");
    docker(&socket, answers_after);
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        more: format!("[containers]\ndocker_socket = '{}'\n", socket.display()),
        ..Setup::default()
    });
    let cgroup = Cgroup::new(&format!("docker-{ID}.scope"));
    let of_container = || {
        let mut rows = collector.rows(OPENAI.name);
        // Others may make flows on this host meanwhile.
        rows.retain(|row| row.container.as_ref().is_some_and(|container| container.id == ID));
        rows
    };
    for (number, printed) in (1..).zip(printed) {
        let mut run = cgroup.curl(&bed);
        run.succeed(Duration::from_secs(30));
        let flow = closed_flow_of(&agent, run.pid());
        let container = flow.open.container.as_ref();
        let image = container.and_then(|found| found.image.as_deref());
        assert_eq!(image, printed, "{flow:?}");
        let rows = eventually(AT_LAST, || {
            let flows: u64 = of_container().iter().map(|row| row.flows).sum();
            (flows == number)
                .then(of_container)
                .ok_or_else(|| format!("{flows} flows of {number}"))
        });
        let images: Vec<_> = rows
            .iter()
            .map(|row| row.container.as_ref()?.image.as_deref())
            .collect();
        assert_eq!(images, [Some(REFERENCE)], "{rows:?}");
        assert_eq!(rows[0].origin.as_ref(), Some(&flow.open.origin), "{rows:?}");
    }
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

/// Answers each question for Docker after so long, or never, for as long as the test runs.
fn docker(socket: &Path, answers_after: fn(usize) -> Option<Duration>) {
    let listener = UnixListener::bind(socket).unwrap_or_else(|error| panic!("{}: {error}", socket.display()));
    let body = format!(r#"{{"Id":"{ID}","Name":"/bot","Config":{{"Image":"bot:1.2"}}}}"#);
    thread::spawn(move || {
        let mut hanging = Vec::new();
        for (number, mut stream) in listener.incoming().flatten().enumerate() {
            let Some(delay) = answers_after(number) else {
                hanging.push(stream);
                continue;
            };
            thread::sleep(delay);
            // Closed with a question that nobody read, it would be reset.
            let mut question = BufReader::new(&stream).lines().map_while(Result::ok);
            let _ = question.find(String::is_empty);
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
}

/// The only flow of a process, once it is closed.
pub(crate) fn closed_flow_of(agent: &Agent, pid: u32) -> Flow {
    eventually(SOON, || {
        let mut flows = agent.flows(|event| event.process.pid == pid);
        flows
            .pop()
            .filter(|flow| flow.close.is_some())
            .ok_or_else(|| format!("no flow of {pid}"))
    })
}

/// A cgroup of the test's own, at the root of v2.
pub(crate) struct Cgroup(PathBuf);

impl Cgroup {
    pub(crate) fn new(name: &str) -> Self {
        let mounts = fs::read_to_string("/proc/self/mounts").expect("every system has mounts");
        let root = mounts
            .lines()
            .find_map(|line| {
                let mut fields = line.split(' ').skip(1);
                let (path, kind) = (fields.next()?, fields.next()?);
                (kind == "cgroup2").then_some(path)
            })
            .expect("cgroup v2 is mounted");
        let path = Path::new(root).join(name);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }

    /// Starts curl in it.
    pub(crate) fn curl(&self, bed: &TestBed) -> Process {
        let url = format!("https://{}/bytes/1000", OPENAI.name);
        let mut client = bed.command("curl");
        client
            .args(["--silent", "--output", "/dev/null", &url, "--cacert"])
            .arg(bed.authority());
        self.start(&client)
    }

    /// Starts a client in it, by a shell that enters it and becomes the client: outside of the bed's namespace, where /sys
    /// is another.
    fn start(&self, client: &Command) -> Process {
        let mut entering = Command::new("sh");
        entering
            .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
            .arg(self.0.join("cgroup.procs"))
            .arg(client.get_program())
            .args(client.get_args());
        Process::start(&mut entering)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Those around it, too, as far as nobody else is in them.
        let _ = self.0.ancestors().try_for_each(fs::remove_dir);
    }
}
