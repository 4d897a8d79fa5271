//! The person behind a flow: by the host's name service, and behind `su` and `sudo`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use umbra_tests::agent::{self, Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::machine::{output, program};
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::{Need, spared};
use umbra_tests::{Event, TestBed};

use crate::expect::flow_of;
use crate::names::{ANTHROPIC, OPENAI, bed};

/// A user that only the directory knows.
const ANN: u32 = 70001;
const ANNS_NAME: &str = "ann.of.the.directory";
/// A user for whom the directory hangs.
const LOST: u32 = 70002;

/// Debian's user without rights (`base-passwd`).
const DAEMON: u32 = 1;

#[test]
fn a_directory_names_users_and_holds_up_nobody_else() {
    if spared("directories of users") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("cc")]) else {
        return;
    };
    let directory = Directory::new();
    let agent = Agent::start_as(&Setup::default(), |config| directory.around(config));
    let call = |name, uid| Call {
        uid: Some(uid).filter(|uid| *uid != 0),
        ..Call::to(name, "/bytes/10")
    };
    let curl = named("curl");
    let lost = bed.run(&curl, &call(OPENAI.name, LOST));
    let ann = bed.run(&curl, &call(OPENAI.name, ANN));
    let root = bed.run(&curl, &call(ANTHROPIC.name, 0));
    // The directory knows no groups; root's is in the host's own file, whatever else is.
    let none: &[&str] = &[];
    for (run, uid, name, kind, groups) in [
        (&ann, ANN, Some(ANNS_NAME), Some("person"), Some(none)),
        (&root, 0, Some("root"), Some("system"), Some(&["root"])),
        (&lost, LOST, None, None, None),
    ] {
        let flow = flow_of(&agent, |event| event.process.pid == run.process.pid());
        for event in [Some(&flow.open), flow.close.as_ref()].into_iter().flatten() {
            assert_eq!(
                (event.user.uid, event.user.name.as_deref()),
                (uid, name),
                "{event:?}"
            );
            assert_eq!(event.user.kind.as_deref(), kind, "{event:?}");
            match (&event.user.groups, groups) {
                (Some(told), Some(groups)) => {
                    assert_eq!(told.is_empty(), groups.is_empty(), "{event:?}");
                    assert!(
                        groups.iter().all(|group| told.iter().any(|name| name == group)),
                        "{event:?}"
                    );
                }
                (told, groups) => assert_eq!(told.is_some(), groups.is_some(), "{event:?}"),
            }
        }
    }
    // Its directory hangs on, and nobody waits for it at the end either.
    assert!(agent.stop().success());
}

#[test]
fn su_and_sudo_keep_the_person() {
    if spared("su and sudo") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("su"), Need::Program("sudo"), Need::Program("cc")]) else {
        return;
    };
    let directory = Directory::new();
    let agent = Agent::start_as(&Setup::default(), |config| directory.around(config));
    let url = format!("https://{}/bytes/10", OPENAI.name);
    let authority = bed.authority().display().to_string();
    let fetch = format!("exec curl --silent --output /dev/null --cacert {authority} {url}");
    let su: &[&str] = &["su", "-s", "/bin/sh", "daemon", "-c", &fetch];
    let sudo: &[&str] = &["sudo", "-n", "-u", "daemon", "sh", "-c", &fetch];
    for become_daemon in [su, sudo] {
        let mut client = logged_in(&bed, ANN, become_daemon);
        client.succeed(Duration::from_secs(30));
        let by = become_daemon[0];
        let flow = flow_of(&agent, |event| {
            event.user.uid == DAEMON && has_ancestor(event, by)
        });
        let user = &flow.open.user;
        assert_eq!(user.name.as_deref(), Some("daemon"), "{user:?}");
        assert_eq!(user.kind.as_deref(), Some("system"), "{user:?}");
        assert_eq!(user.login_uid, Some(ANN), "{user:?}");
        assert_eq!(user.login_name.as_deref(), Some(ANNS_NAME), "{user:?}");
        assert_eq!(flow.open.process.program, "/usr/bin/curl");
    }
    assert!(agent.stop().success());
}

/// Starts a command in the bed as `login` would have started it for `uid`.
fn logged_in(bed: &TestBed, uid: u32, command: &[&str]) -> Process {
    let mut shell = bed.command("sh");
    shell.args([
        "-c",
        "echo \"$0\" > /proc/self/loginuid && exec \"$@\"",
        &uid.to_string(),
    ]);
    Process::start(shell.args(command))
}

fn has_ancestor(event: &Event, program: &str) -> bool {
    let ancestors = &event.process.ancestors;
    ancestors
        .iter()
        .any(|ancestor| ancestor["program"] == format!("/usr/bin/{program}") && ancestor["user"] == "root")
}

/// A directory server's module of the name service, in a folder of its own.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let source = folder.path().join("nss.c");
        fs::write(&source, include_str!("people/nss.c")).expect("a folder just made");
        let mut compiler = Command::new(program("cc").unwrap_or_else(|why| panic!("{why}")));
        compiler
            .args(["-shared", "-fPIC", "-o"])
            .args([folder.path().join("libnss_umbra.so.2"), source]);
        output(&mut compiler).unwrap_or_else(|error| panic!("{error}"));
        fs::write(
            folder.path().join("nsswitch.conf"),
            "passwd: files umbra\ngroup: files\n",
        )
        .expect("a folder just made");
        Self(folder)
    }

    /// The agent's command, in a mount namespace where that module is configured.
    fn around(&self, config: &Path) -> Command {
        let agent = agent::command(config);
        let mut command = bound("unshare");
        command
            .args([
                "--mount",
                "--",
                "sh",
                "-c",
                "mount --bind \"$0\" /etc/nsswitch.conf && exec \"$@\"",
            ])
            .arg(self.0.path().join("nsswitch.conf"))
            .arg(agent.get_program())
            .args(agent.get_args())
            .env("LD_LIBRARY_PATH", self.0.path());
        command
    }
}
