//! The systemd unit or the container that a program runs in is told, from the path of its cgroup.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::process::Process;
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed};

const ID: &str = "6d62726100000000000000000000000000000000000000000000000000000001";

#[test]
fn a_units_and_a_containers_flows_are_told_apart() {
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let unit = format!("umbra-t-{}.service", std::process::id());
    let cases = [
        (unit.clone(), Some(unit.as_str()), None),
        (format!("docker-{ID}.scope"), None, Some(ID)),
    ];
    for (name, unit, container) in cases {
        let cgroup = Cgroup::new(&name);
        let url = format!("https://{}/bytes/1000", OPENAI.name);
        let mut client = bed.command("curl");
        client
            .args(["--silent", "--output", "/dev/null", &url, "--cacert"])
            .arg(bed.authority());
        // The shell enters the cgroup and becomes the client. Outside the namespace, where /sys is another.
        let mut entering = Command::new("sh");
        entering
            .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
            .arg(cgroup.0.join("cgroup.procs"))
            .arg(client.get_program())
            .args(client.get_args());
        let mut run = Process::start(&mut entering);
        run.succeed(Duration::from_secs(30));
        let pid = run.pid();
        let flow = eventually(SOON, || {
            let mut flows = agent.flows(|event| event.process.pid == pid);
            flows
                .pop()
                .filter(|flow| flow.close.is_some())
                .ok_or_else(|| format!("no flow of {pid}"))
        });
        let event = &flow.open;
        assert_eq!(event.unit.as_deref(), unit, "{event:?}");
        assert_eq!(
            event.container.as_ref().map(|found| found.id.as_str()),
            container,
            "{event:?}"
        );
        // Executed by the shell itself: the shell is not an ancestor of what it became.
        assert_eq!(event.process.program, "/usr/bin/curl");
        assert_eq!(event.process.ppid, Some(std::process::id()), "{event:?}");
    }
    assert!(agent.stop().success());
}

/// A cgroup of the test's own, at the root of v2.
struct Cgroup(PathBuf);

impl Cgroup {
    fn new(name: &str) -> Self {
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
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
