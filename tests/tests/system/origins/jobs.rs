//! Jobs: of a real cron, and of a unit that a timer starts. And somebody at a terminal, who is none.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::Origin;
use umbra_tests::machine;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, spared};

use super::{fetch, fetched};
use crate::expect::flow_of;
use crate::names::bed;
use crate::place::{Cgroup, closed_flow_of};

const LIMIT: Duration = Duration::from_secs(30);
/// A user without an account.
const ANN: u64 = 70_004;
/// Where systemd keeps units that programs make (systemd.unit(5)).
const TRANSIENT: &str = "/run/systemd/transient";

fn origin(kind: &str, name: Option<&str>, tty: Option<&str>) -> Origin {
    Origin {
        kind: kind.to_owned(),
        name: name.map(str::to_owned),
        peer: None,
        tty: tty.map(str::to_owned),
    }
}

#[test]
fn a_job_of_cron_has_a_table() {
    if spared("cron's tables, for which a flow waits half a second") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("cron")]) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    // Jobs that are due at once, in tables of this cron alone: it runs them when its notes in /run say nothing.
    let tables = [
        (
            "cron.d/ask",
            format!("@reboot root {}\n", fetch(&bed, "/bytes/20")),
        ),
        (
            "crontabs/root",
            format!("@reboot cd / && {}\n", fetch(&bed, "/bytes/21")),
        ),
        ("crontab", String::new()),
    ];
    for (path, text) in tables {
        let path = bed.dir().join(path);
        fs::create_dir_all(path.parent().expect("it has one"))
            .and_then(|()| fs::write(&path, text))
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)))
            .expect("the bed's own folder");
    }
    let cron = machine::program("cron").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bed.command("sh");
    command.args([
        "-c",
        "mount -t tmpfs none /run && mount --bind cron.d /etc/cron.d && mount --bind crontab /etc/crontab \
         && mount --bind crontabs /var/spool/cron/crontabs && exec \"$0\" -f",
    ]);
    let _cron = Process::start(command.arg(cron));
    for (path, table) in [
        ("/bytes/20", "/etc/cron.d/ask"),
        ("/bytes/21", "/var/spool/cron/crontabs/root"),
    ] {
        let flow = fetched(&agent, path);
        assert_eq!(flow.open.origin, origin("cron", Some(table), None), "{flow:?}");
    }
    assert!(agent.stop().success());
}

#[test]
fn a_service_may_have_a_timer() {
    if spared("files of timers, for which a flow waits half a second") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    for timed in [false, true] {
        let name = format!("umbra-t-{}-{timed}", std::process::id());
        let (service, timer) = (format!("{name}.service"), format!("{name}.timer"));
        let _timer = timed.then(|| Timer::new(&timer));
        let cgroup = Cgroup::new(&service);
        let mut run = cgroup.curl(&bed);
        run.succeed(LIMIT);
        let expected = if timed {
            origin("timer", Some(&timer), None)
        } else {
            origin("service", Some(&service), None)
        };
        assert_eq!(closed_flow_of(&agent, run.pid()).open.origin, expected);
    }
    assert!(agent.stop().success());
}

#[test]
fn somebody_at_a_terminal_has_one() {
    // `ssh.rs` tries terminals there, too.
    if spared("a terminal without a login") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("script")]) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let command = format!("tty; {}; true", fetch(&bed, "/bytes/22"));
    let mut script = Process::start(bed.command("script").args(["-qec", &command, "/dev/null"]));
    script.succeed(LIMIT);
    let said = script.stdout.text();
    let terminal = said.trim().strip_prefix("/dev/");
    assert!(terminal.is_some(), "{said}");
    assert_eq!(
        fetched(&agent, "/bytes/22").open.origin,
        origin("tty", None, terminal)
    );
    assert!(agent.stop().success());
}

#[test]
fn desktops_and_runners_of_a_ci_are_told_by_what_is_above() {
    if spared("chains of programs") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let cases = [
        (
            ["gnome-session-binary", "code", "claude"],
            origin("desktop", Some("gnome-session-binary"), None),
        ),
        (
            ["Runner.Worker", "step", "claude"],
            origin("ci", Some("github-actions"), None),
        ),
        (["sshd", "shell", "claude"], origin("unknown", None, None)),
    ];
    for (number, ([top, middle, program], expected)) in cases.into_iter().enumerate() {
        let path = format!("/bytes/{}", 30 + number);
        let folder = bed.dir().join(top);
        let at = |name: &str| folder.join(name).display().to_string();
        fs::create_dir(&folder).expect("the bed's own folder");
        for (name, from) in [(top, "sh"), (middle, "sh"), (program, "curl")] {
            let from = machine::program(from).unwrap_or_else(|why| panic!("{why}"));
            fs::copy(from, at(name)).expect("the bed's own folder");
        }
        let fetch = fetch(&bed, &path);
        let (_, arguments) = fetch.split_once(' ').expect("a program and arguments");
        // Shells that wait for what they run: they would execute the last command in their own place. Only root's sshd
        // is believed to be one.
        let script = format!("{} -c '{} {arguments}; true'; true", at(middle), at(program));
        let mut command = bed.command("setpriv");
        command.args([format!("--reuid={ANN}"), format!("--regid={ANN}")]);
        command.args(["--clear-groups", "--", &at(top), "-c", &script]);
        Process::start(&mut command).succeed(LIMIT);
        let flow = flow_of(&agent, |event| {
            let args = event.process.args.iter().flatten();
            args.last().is_some_and(|url| url.ends_with(&path))
        });
        let event = &flow.open;
        assert_eq!(event.origin, expected, "{event:?}");
        let above = event.process.ancestors.iter().take(2);
        let above: Vec<_> = above
            .map(|above| {
                (
                    above["program"].as_str().unwrap_or_default(),
                    above["uid"].as_u64(),
                )
            })
            .collect();
        let is_as_made = |(program, uid): &(&str, Option<u64>), name: &str| {
            program.ends_with(&format!("/{name}")) && *uid == Some(ANN)
        };
        assert!(
            event.process.program.ends_with("/claude")
                && is_as_made(&above[0], middle)
                && is_as_made(&above[1], top),
            "{event:?}"
        );
    }
    assert!(agent.stop().success());
}

/// A timer's unit file on this host; gone when dropped. systemd, where it runs, does not look at it by itself.
struct Timer(PathBuf);

impl Timer {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(TRANSIENT).join(name);
        fs::create_dir_all(TRANSIENT)
            .and_then(|()| fs::write(&path, "[Timer]\nOnActiveSec=1h\n"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        // Only when it is empty.
        let _ = fs::remove_dir(TRANSIENT);
    }
}
