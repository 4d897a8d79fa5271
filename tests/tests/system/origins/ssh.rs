//! A real sshd and its sessions.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::machine::{self, output};
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, spared};

use super::{PEER, fetch, fetched, ssh_from};
use crate::names::bed;

/// A user that only the server's `/etc/passwd` has.
const ANN: u32 = 70_003;
const PORT: u16 = 2222;
const LIMIT: Duration = Duration::from_secs(30);
const NEEDS: [Need; 4] = [
    Need::Program("sshd"),
    Need::Program("ssh"),
    Need::Program("ssh-keygen"),
    Need::Program("setsid"),
];

#[test]
fn who_comes_over_ssh_has_a_peer() {
    if spared("sessions of ssh") {
        return;
    }
    let Some(bed) = bed(&NEEDS) else { return };
    let server = Server::start(&bed);
    let agent = Agent::start(&Setup::default());

    // What the session's environment says, is the user's to choose.
    let forged = format!(
        "SSH_CONNECTION='192.0.2.1 1 192.0.2.2 22' exec {}",
        fetch(&bed, "/bytes/11")
    );
    Process::start(&mut server.client("ann@127.0.0.1", &[&forged])).succeed(LIMIT);
    let flow = fetched(&agent, "/bytes/11");
    assert_eq!(flow.open.origin, ssh_from(PEER, None));
    assert_eq!(flow.open.user.uid, ANN);

    // With a terminal.
    let with_terminal = format!("tty; {}; true", fetch(&bed, "/bytes/12"));
    let mut session = Process::start(&mut server.client("-tt", &["ann@127.0.0.1", &with_terminal]));
    session.succeed(LIMIT);
    let expected = ssh_from(PEER, Some(terminal(&session)));
    assert_eq!(fetched(&agent, "/bytes/12").open.origin, expected);

    // What stays behind when the session ends, and executes another program only then.
    let left = format!(
        "setsid sh -c 'while kill -0 $PPID 2>/dev/null; do sleep 0.05; done; exec {}' >/dev/null 2>&1 </dev/null &",
        fetch(&bed, "/bytes/13")
    );
    Process::start(&mut server.client("ann@127.0.0.1", &[&left])).succeed(LIMIT);
    assert_eq!(fetched(&agent, "/bytes/13").open.origin, ssh_from(PEER, None));
    assert!(agent.stop().success());
}

#[test]
fn sessions_older_than_the_agent_have_peers_too() {
    if spared("what /proc tells of sessions") {
        return;
    }
    let Some(bed) = bed(&NEEDS) else { return };
    let server = Server::start(&bed);

    // Init has taken the program in: the number of the login session alone leads to the server.
    let go = bed.dir().join("go");
    let orphan = format!(
        "(setsid sh -c 'while ! test -e {}; do sleep 0.05; done; exec {}' >/dev/null 2>&1 </dev/null &); echo ready; \
         read -r go",
        go.display(),
        fetch(&bed, "/bytes/14")
    );
    let mut around = Process::start(server.client("ann@127.0.0.1", &[&orphan]).stdin(Stdio::piped()));
    around.said("ready", LIMIT);

    // On a terminal; and root's, whose sessions have no process of another user.
    let waiting = format!("tty; echo ready; read -r go; {}; true", fetch(&bed, "/bytes/15"));
    let mut client = server.client("-tt", &["root@127.0.0.1", &waiting]);
    let mut session = Process::start(client.stdin(Stdio::piped()));
    session.said("ready", LIMIT);

    let agent = Agent::start(&Setup::default());
    writeln!(session.stdin(), "go").expect("it reads");
    session.succeed(LIMIT);
    let expected = ssh_from(PEER, Some(terminal(&session)));
    assert_eq!(fetched(&agent, "/bytes/15").open.origin, expected);

    fs::write(&go, "").expect("the bed's own folder");
    assert_eq!(fetched(&agent, "/bytes/14").open.origin, ssh_from(PEER, None));
    writeln!(around.stdin(), "go").expect("it reads");
    around.succeed(LIMIT);
    assert!(agent.stop().success());
}

/// What tty(1) said in a session.
fn terminal(session: &Process) -> String {
    let said = session.stdout.text();
    let name = said.lines().find_map(|line| line.trim().strip_prefix("/dev/"));
    name.unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A server of the test's own, on the bed's loopback.
struct Server<'a> {
    bed: &'a TestBed,
    _process: Process,
}

impl<'a> Server<'a> {
    fn start(bed: &'a TestBed) -> Self {
        let path = |name: &str| bed.dir().join(name);
        for key in ["host", "client"] {
            let mut keygen = Command::new("ssh-keygen");
            keygen
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path(key));
            output(&mut keygen).unwrap_or_else(|why| panic!("{why}"));
        }
        let home = path("home");
        let users = format!(
            "root:*:0:0::/root:/bin/sh\nsshd:x:{ANN}1:65534::/run/sshd:/usr/sbin/nologin\nann:*:{ANN}:{ANN}::{}:/bin/sh\n",
            home.display()
        );
        let mut config =
            format!("Port {PORT}\nListenAddress 127.0.0.1\nPidFile none\nUsePAM yes\nStrictModes no\n");
        for (option, name) in [("HostKey", "host"), ("AuthorizedKeysFile", "client.pub")] {
            let _ = writeln!(config, "{option} {}", path(name).display());
        }
        fs::create_dir(&home)
            .and_then(|()| fs::write(path("passwd"), users))
            .and_then(|()| fs::write(path("sshd_config"), config))
            .and_then(|()| fs::set_permissions(path("passwd"), fs::Permissions::from_mode(0o644)))
            .expect("the bed's own folder");
        let sshd = machine::program("sshd").unwrap_or_else(|why| panic!("{why}"));
        // Its users, and the folder that it locks itself into, are its mount namespace's alone.
        let mut command = bed.command("sh");
        command.args([
            "-c",
            "mount --bind passwd /etc/passwd && mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec \"$@\"",
            "sh",
        ]);
        let mut process = Process::start(command.arg(sshd).args(["-D", "-e", "-f", "sshd_config"]));
        process.said("Server listening", LIMIT);
        Self {
            bed,
            _process: process,
        }
    }

    /// A client of it, which comes from [`PEER`].
    fn client(&self, first: &str, more: &[&str]) -> Command {
        let mut command = self.bed.command("ssh");
        command
            .args(["-F", "none", "-i", "client", "-p", &PORT.to_string(), "-b", PEER])
            .args(
                [
                    "StrictHostKeyChecking=no",
                    "UserKnownHostsFile=/dev/null",
                    "LogLevel=ERROR",
                ]
                .map(|option| format!("-o{option}")),
            )
            .arg(first)
            .args(more)
            .stdin(Stdio::null());
        command
    }
}
