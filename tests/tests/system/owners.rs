//! Whose a flow is, when its socket has a history: docs/OWNERSHIP.md, case by case.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::{Event, Flow, Namespaces};
use umbra_tests::machine::output;
use umbra_tests::owner::{Done, Owner};
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip};
use umbra_tests::{TestBed, machine};

use crate::expect::{TLS, check_name, flow_of};
use crate::names::{OPENAI, bed};

/// As in `owner.c`.
const OTHER_USER: u32 = 12345;

/// A bed, the client in it, and an agent.
struct Stage {
    agent: Agent,
    bed: TestBed,
    owner: Owner,
}

/// Who must own a flow.
struct Expected<'a> {
    pid: u32,
    exe: &'a Path,
    args: Vec<String>,
    uid: u32,
}

impl Stage {
    fn new(needs: &[Need]) -> Option<Self> {
        let bed = bed(needs)?;
        match Owner::new(&bed, OPENAI.name) {
            Ok(owner) => Some(Self {
                agent: Agent::start(&Setup::default()),
                bed,
                owner,
            }),
            Err(why) => {
                skip(&why);
                None
            }
        }
    }

    fn run(&self, manner: &str, more: &[&str]) -> Done {
        self.owner.run(&self.bed, &[], manner, OPENAI.port, more)
    }

    /// The arguments of the process that was started.
    fn own_args(&self, manner: &str, more: &[&str]) -> Vec<String> {
        let exe = self.owner.exe.to_string_lossy();
        self.owner.args(&exe, manner, OPENAI.port, more)
    }

    /// Root runs the client itself as process `pid`, with these arguments.
    fn by(&self, pid: u32, args: Vec<String>) -> Expected<'_> {
        Expected {
            pid,
            exe: &self.owner.exe,
            args,
            uid: 0,
        }
    }

    /// The process that was started owns what it did in `manner`; the others that took part own nothing.
    fn owned_by_the_started(&self, manner: &str, done: &Done) -> Flow {
        let expected = self.by(done.pid, self.own_args(manner, &[]));
        self.check(done, &expected)
    }

    /// The only flow of all that took part is as expected.
    fn check(&self, done: &Done, expected: &Expected<'_>) -> Flow {
        let took_part = |event: &Event| {
            let pid = event.process.pid;
            pid == done.pid || pid == expected.pid || done.said.values().any(|&said| said == pid)
        };
        let flow = flow_of(&self.agent, took_part);
        self.check_flow(&flow, expected);
        flow
    }

    fn check_flow(&self, flow: &Flow, expected: &Expected<'_>) {
        for event in std::iter::once(&flow.open).chain(&flow.close) {
            let process = &event.process;
            check_name(event, TLS, &OPENAI);
            assert_eq!(process.pid, expected.pid, "{event:?}");
            assert_eq!(process.exe.as_deref(), expected.exe.to_str(), "{event:?}");
            assert_eq!(process.args.as_ref(), Some(&expected.args), "{event:?}");
            assert_eq!(event.user.uid, expected.uid, "{event:?}");
        }
        let bytes = flow.bytes().expect("it is closed");
        assert_eq!(bytes.out, self.owner.length, "{flow:?}");
        assert!(bytes.r#in > 0, "{flow:?}");
    }

    /// A number in the bed's network statistics (`/proc/net/netstat`: names and numbers in two lines).
    fn statistic(&self, group: &str, name: &str) -> u64 {
        let text =
            output(self.bed.command("cat").arg("/proc/net/netstat")).unwrap_or_else(|why| panic!("{why}"));
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(group));
        let (names, numbers) = (lines.next().expect("names"), lines.next().expect("numbers"));
        let at = names.split(' ').position(|word| word == name);
        let number = numbers
            .split(' ')
            .nth(at.unwrap_or_else(|| panic!("no {name} in {names}")));
        number.and_then(|number| number.parse().ok()).expect("a number")
    }

    fn end(self) {
        assert!(self.agent.stop().success());
    }
}

#[test]
fn who_connects_owns_a_socket_that_others_use() {
    let Some(stage) = Stage::new(&[]) else { return };
    for manner in ["fork", "pass", "activate", "exec", "user-after", "threads"] {
        stage.owned_by_the_started(manner, &stage.run(manner, &[]));
    }
    stage.end();
}

#[test]
fn who_connects_owns_a_socket_that_others_made() {
    let Some(stage) = Stage::new(&[]) else { return };

    let done = stage.run("pass-unconnected", &[]);
    let flow = flow_of(&stage.agent, |event| event.process.pid == done.said["receiver"]);
    let args = &flow.open.process.args.as_ref().expect("known")[..2];
    assert_eq!(args, ["receiver", "receive-unconnected"]);
    assert_eq!(flow.open.process.ppid, Some(done.pid));
    assert!(
        stage
            .agent
            .flows(|event| event.process.pid == done.pid)
            .is_empty()
    );

    let done = stage.run("user-before", &[]);
    let args = stage.own_args("user-before", &[]);
    let expected = Expected {
        uid: OTHER_USER,
        ..stage.by(done.pid, args)
    };
    stage.check(&done, &expected);
    stage.end();
}

#[test]
fn a_ring_is_its_process() {
    let Some(stage) = Stage::new(&[]) else { return };
    if fs::read_to_string("/proc/sys/kernel/io_uring_disabled").is_ok_and(|text| text.trim() == "2") {
        return skip("io_uring is switched off (kernel.io_uring_disabled)");
    }
    // Sent by the process, by a worker thread of the kernel's, and by a thread of the kernel's that polls.
    for manner in ["ring", "ring-worker", "ring-poller"] {
        stage.owned_by_the_started(manner, &stage.run(manner, &[]));
    }
    stage.end();
}

#[test]
fn a_hello_on_the_syn_is_its_senders() {
    let Some(stage) = Stage::new(&[]) else { return };
    // Client and server, both without a cookie (`net.ipv4.tcp_fastopen`, ip-sysctl.rst).
    let sysctl = "echo 0x207 > /proc/sys/net/ipv4/tcp_fastopen";
    output(stage.bed.command("sh").args(["-c", sysctl])).unwrap_or_else(|why| panic!("{why}"));
    let _server = serve(&stage, "serve-fast");
    for manner in ["fast", "fast-connect"] {
        let before = stage.statistic("TcpExt:", "TCPFastOpenActive");
        let done = stage.owner.run(&stage.bed, &[], manner, SERVED, &[]);
        let exe = stage.owner.exe.to_string_lossy();
        let expected = stage.by(done.pid, stage.owner.args(&exe, manner, SERVED, &[]));
        stage.check(&done, &expected);
        assert_eq!(stage.statistic("TcpExt:", "TCPFastOpenActive"), before + 1);
    }
    stage.end();
}

#[test]
fn multipath_tcp_is_its_senders() {
    let Some(stage) = Stage::new(&[]) else { return };
    if !Path::new("/proc/sys/net/mptcp/enabled").exists() {
        return skip("this kernel has no multipath TCP");
    }
    // Once with a server that does not speak it, once with one that does.
    stage.owned_by_the_started("multipath", &stage.run("multipath", &[]));
    let _server = serve(&stage, "serve-multipath");
    let before = stage.statistic("MPTcpExt:", "MPCapableSYNACKRX");
    let done = stage.owner.run(&stage.bed, &[], "multipath", SERVED, &[]);
    let exe = stage.owner.exe.to_string_lossy();
    let expected = stage.by(done.pid, stage.owner.args(&exe, "multipath", SERVED, &[]));
    stage.check(&done, &expected);
    assert_eq!(stage.statistic("MPTcpExt:", "MPCapableSYNACKRX"), before + 1);
    stage.end();
}

/// Port of the client's own server.
const SERVED: u16 = 4443;

fn serve(stage: &Stage, manner: &str) -> Process {
    let mut server = stage.owner.start(&stage.bed, &[], manner, SERVED, &[]);
    server.said("serving", Duration::from_secs(10));
    server
}

#[test]
fn a_program_is_what_was_executed_whatever_it_calls_itself() {
    let Some(stage) = Stage::new(&[]) else { return };

    let more = ["--title=to-be-overwritten"];
    let done = stage.run("rename", &more);
    stage.check(&done, &stage.by(done.pid, stage.own_args("rename", &more)));

    let done = stage.run("vfork", &[]);
    let child = done.said["child"];
    let args = stage
        .owner
        .args("vforked", "plain", OPENAI.port, &["as-the-child"]);
    let flow = stage.check(&done, &stage.by(child, args));
    assert_eq!(flow.open.process.ppid, Some(done.pid));

    let done = stage.run("memory", &[]);
    let expected = Expected {
        exe: Path::new("/memfd:in-memory"),
        ..stage.by(done.pid, stage.owner.args("in-memory", "plain", OPENAI.port, &[]))
    };
    stage.check(&done, &expected);
    stage.end();
}

#[test]
fn a_root_of_its_own_hides_no_path() {
    let Some(stage) = Stage::new(&[]) else { return };
    let jail = stage.bed.dir().join("jail");
    fs::create_dir(&jail)
        .and_then(|()| fs::copy(&stage.owner.exe, jail.join("owner")))
        .and_then(|_| fs::copy(&stage.owner.hello, jail.join("hello")))
        .expect("the bed's own folder");
    let done = stage.run("chroot", &[&jail.to_string_lossy()]);
    let args = ["/owner", "plain", "127.0.0.1", "443", "/hello"];
    let exe = jail.join("owner");
    let expected = Expected {
        exe: &exe,
        ..stage.by(done.pid, args.map(str::to_owned).to_vec())
    };
    let flow = stage.check(&done, &expected);
    assert_eq!(flow.open.process.cwd.as_deref(), jail.to_str());
    stage.end();
}

#[test]
fn a_script_that_may_not_be_executed_is_known_behind_its_interpreter() {
    let Some(stage) = Stage::new(&[Need::Program("bash"), Need::Program("unshare")]) else {
        return;
    };
    let text = stage.owner.bash(OPENAI.port).expect("bash is there");
    let (source, mount) = (stage.bed.dir().join("call.sh"), stage.bed.dir().join("noexec"));
    fs::write(&source, text)
        .and_then(|()| fs::create_dir(&mount))
        .expect("the bed's own folder");
    let script = mount.join("call.sh");
    let run = "mount -t tmpfs -o noexec tmpfs \"$1\" && cp \"$2\" \"$3\" && exec bash \"$3\"";
    let mut command = stage.bed.command("unshare");
    command.args(["--mount", "--", "sh", "-c", run, "sh"]);
    let mut process = Process::start(command.args([&mount, &source, &script]));
    assert!(
        process.wait(Duration::from_secs(20)).success(),
        "{}",
        process.stderr.text()
    );
    let flow = flow_of(&stage.agent, |event| event.process.pid == process.pid());
    let seen = &flow.open.process;
    let bash = machine::program("bash").expect("it is needed");
    assert_eq!(
        (seen.exe.as_deref(), seen.script.as_deref()),
        (bash.to_str(), script.to_str())
    );
    stage.end();
}

#[test]
fn a_script_is_known_behind_an_interpreter_that_nobody_knows() {
    let Some(stage) = Stage::new(&[Need::Program("bash")]) else {
        return;
    };
    let interpreter = stage.bed.dir().join("rules");
    let bash = machine::program("bash").expect("it is needed");
    let script = stage.bed.dir().join("call.rules");
    let text = stage.owner.bash(OPENAI.port).expect("bash is there");
    let (_, text) = text.split_once('\n').expect("a first line");
    let text = format!("#!{} -e\n{text}", interpreter.display());
    fs::copy(bash, &interpreter)
        .and_then(|_| fs::write(&script, text))
        .and_then(|()| fs::set_permissions(&script, fs::Permissions::from_mode(0o755)))
        .expect("the bed's own folder");
    let mut process = Process::start(&mut stage.bed.command("./call.rules"));
    assert!(
        process.wait(Duration::from_secs(20)).success(),
        "{}",
        process.stderr.text()
    );
    let flow = flow_of(&stage.agent, |event| event.process.pid == process.pid());
    let seen = &flow.open.process;
    assert_eq!(
        (seen.exe.as_deref(), seen.script.as_deref()),
        (interpreter.to_str(), script.to_str())
    );
    assert!(seen.program.starts_with("rules "), "{}", seen.program);
    stage.end();
}

#[test]
fn a_user_namespace_hides_no_user() {
    let Some(stage) = Stage::new(&[Need::Program("unshare"), Need::Program("setpriv")]) else {
        return;
    };
    let uid = format!("--reuid={OTHER_USER}");
    let gid = format!("--regid={OTHER_USER}");
    // Root in it, and 12345 outside.
    let before = [
        "setpriv",
        &uid,
        &gid,
        "--clear-groups",
        "--",
        "unshare",
        "--map-root-user",
        "--",
    ];
    let done = stage
        .owner
        .run(&stage.bed, &before, "plain", OPENAI.port, &["where"]);
    let expected = Expected {
        uid: OTHER_USER,
        ..stage.by(done.pid, stage.own_args("plain", &["where"]))
    };
    let flow = flow_of(&stage.agent, |event| event.process.pid == done.pid);
    stage.check_flow(&flow, &expected);
    assert_eq!(flow.open.user.gid, Some(OTHER_USER));
    assert_eq!(flow.open.process.namespaces, at(&done));
    assert_ne!(flow.open.process.namespaces.user, own().user);
    stage.end();
}

#[test]
fn a_process_is_where_it_says() {
    let Some(stage) = Stage::new(&[Need::Program("unshare")]) else {
        return;
    };

    // It moves by itself, when the exec is over.
    let done = stage.run("move", &[]);
    let flow = flow_of(&stage.agent, |event| event.process.pid == done.pid);
    assert_eq!(flow.open.process.namespaces, at(&done));
    assert_eq!(flow.open.process.namespaces.pid, own().pid);
    assert_eq!(flow.open.process.session_id, session(&done));

    // Here its pid is 1; on the host it is another.
    let before = ["unshare", "--pid", "--fork", "--mount-proc", "--"];
    let done = stage
        .owner
        .run(&stage.bed, &before, "plain", OPENAI.port, &["where"]);
    let flow = flow_of(&stage.agent, |event| event.process.ppid == Some(done.pid));
    assert_eq!(flow.open.process.namespaces, at(&done));
    assert_ne!(flow.open.process.namespaces.pid, own().pid);
    assert_eq!(flow.open.process.args, Some(stage.own_args("plain", &["where"])));

    if Path::new("/proc/self/sessionid").exists() {
        let done = stage.run("log-in", &[]);
        let flow = flow_of(&stage.agent, |event| event.process.pid == done.pid);
        assert_eq!(flow.open.user.login_uid, Some(OTHER_USER));
        assert!(session(&done).is_some());
        assert_eq!(flow.open.process.session_id, session(&done));
    } else {
        skip("this kernel has no audit");
    }
    stage.end();
}

#[test]
fn an_accepted_socket_is_nobodys_flow() {
    let Some(stage) = Stage::new(&[Need::Program("systemd-socket-activate")]) else {
        return;
    };
    let exe = stage.owner.exe.to_string_lossy();
    let program = stage.owner.args(&exe, "plain", OPENAI.port, &["activated"]);
    let mut command = stage.bed.command("systemd-socket-activate");
    command.args(["--accept", "--listen", &format!("127.0.0.1:{SERVED}")]);
    let mut service = Process::start(command.args(program));
    service.said("Listening", Duration::from_secs(10));

    let done = stage.owner.run(&stage.bed, &[], "plain", SERVED, &[]);
    // The client's own; and the service's own, which has nothing to do with the socket that it was handed.
    let client = flow_of(&stage.agent, |event| event.process.pid == done.pid);
    assert_eq!(client.open.dst.port, SERVED);
    let served = flow_of(&stage.agent, |event| event.process.ppid == Some(service.pid()));
    assert_eq!(served.open.dst.port, OPENAI.port);
    // Others may make flows on this host meanwhile, but not in here.
    let here = client.open.process.namespaces.net;
    assert!(here.is_some());
    let flows = stage.agent.flows(|event| event.process.namespaces.net == here);
    assert_eq!(flows.len(), 2, "{flows:?}");
    stage.end();
}

/// Where a client said that it is.
fn at(done: &Done) -> Namespaces {
    let number = |kind| done.said.get(kind).copied();
    Namespaces {
        pid: number("pid"),
        net: number("net"),
        mnt: number("mnt"),
        user: number("user"),
    }
}

/// The login session that it said it is in.
fn session(done: &Done) -> Option<u32> {
    done.said
        .get("session")
        .copied()
        .filter(|session| *session != u32::MAX)
}

/// Where the test itself is.
fn own() -> Namespaces {
    Namespaces::of(std::process::id())
}
