//! What a program calls itself, and where it hides, changes nothing: docs/OWNERSHIP.md, case by case.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use umbra_tests::event::Namespaces;
use umbra_tests::machine;
use umbra_tests::owner::Done;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};

use crate::expect::flow_of;
use crate::names::OPENAI;
use crate::stage::{Expected, OTHER_USER, Stage};

/// Bytes of arguments that are kept, the zero bytes between them included.
const ARGUMENTS_MAX: usize = 4_096;

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
fn many_arguments_are_cut_and_said_to_be() {
    let Some(stage) = Stage::new(&[]) else { return };
    let more = [&*"x".repeat(3_000), &*"y".repeat(3_000)];
    let done = stage.run("plain", &more);
    let all = stage.own_args("plain", &more).join("\0");
    let kept: Vec<_> = all[..ARGUMENTS_MAX].split('\0').map(str::to_owned).collect();
    let flow = stage.check(&done, &stage.by(done.pid, kept));
    assert!(flow.open.process.args_cut);

    let done = stage.run("plain", &[]);
    assert!(!stage.owned_by_the_started("plain", &done).open.process.args_cut);
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
    if spared("a script that may not be executed") {
        return;
    }
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
    process.succeed(Duration::from_secs(20));
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
    if spared("an unknown interpreter") {
        return;
    }
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
    process.succeed(Duration::from_secs(20));
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
