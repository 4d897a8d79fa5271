//! Where it runs, and as whom: users, namespaces, units, containers.
//!
//! Units and containers are control groups with the paths that systemd and the runtimes give them: no runtime runs.

use std::process::Command;
use std::time::Duration;

use super::{get, tool};
use crate::clients::Call;
use crate::machine::program;
use crate::process::Process;
use crate::scorecard::caused::{Caller, Place};
use crate::scorecard::cgroup::Cgroup;
use crate::scorecard::stage::{OPENAI, direct};
use crate::scorecard::{Caused, Group, Scenario, Stage};

/// A user without an account.
const NOBODY_IN_PARTICULAR: u32 = 12345;
/// Debian's user without rights (`base-passwd`).
const DAEMON: u32 = 1;
const ID: &str = "6d62726100000000000000000000000000000000000000000000000000000002";
const PATH: &str = "/bytes/1000";

pub(super) fn all() -> Vec<Scenario> {
    let user = |id: &str, what: &str, uid| {
        Scenario::new(Group::Place, id, what, move |stage| {
            let call = Call {
                uid: Some(uid),
                ..get(PATH)
            };
            Ok(stage.call(&tool("curl")?, OPENAI, &call))
        })
    };
    let nobody = NOBODY_IN_PARTICULAR.to_string();
    let unit = |name: &str| Place::Unit(name.to_owned());
    let container = || Place::Container(ID.to_owned());
    vec![
        user("user", "a user with an account", DAEMON),
        user("user-unknown", "a user without an account", NOBODY_IN_PARTICULAR),
        behind(
            "sudo",
            "root becomes another user by sudo",
            &["sudo", "-n", "-u", "daemon"],
            DAEMON,
        ),
        behind(
            "renamed",
            "a program that calls itself by another name",
            &["bash", "-c", "exec -a chrome \"$0\" \"$@\""],
            0,
        ),
        behind(
            "pid-namespace",
            "a pid namespace of its own",
            &["unshare", "--pid", "--fork", "--kill-child"],
            0,
        ),
        behind(
            "user-namespace",
            "a user who is root in a user namespace",
            &[
                "setpriv",
                "--reuid",
                &nobody,
                "--regid",
                &nobody,
                "--clear-groups",
                "unshare",
                "--user",
                "--map-root-user",
            ],
            NOBODY_IN_PARTICULAR,
        ),
        within(
            "unit",
            "a system unit",
            "system.slice/umbra-score.service",
            unit("umbra-score.service"),
        ),
        within(
            "user-unit",
            "a unit of a user's own manager",
            "user.slice/user-1000.slice/user@1000.service/app.slice/umbra-score.scope",
            unit("umbra-score.scope"),
        ),
        within(
            "session",
            "a session of a log-in",
            "user.slice/user-1000.slice/session-77.scope",
            unit("session-77.scope"),
        ),
        within(
            "docker",
            "a container of docker with systemd",
            &format!("system.slice/docker-{ID}.scope"),
            container(),
        ),
        within(
            "docker-cgroupfs",
            "a container of docker without systemd",
            &format!("docker/{ID}"),
            container(),
        ),
        within(
            "podman",
            "a container of podman",
            &format!("machine.slice/libpod-{ID}.scope/container"),
            container(),
        ),
        within(
            "pod",
            "a container of containerd in a Kubernetes pod",
            &format!(
                "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod77.slice/cri-containerd-{ID}.scope"
            ),
            container(),
        ),
    ]
}

/// What runs curl in the bed.
fn curl(stage: &Stage<'_>, wrapper: &[String]) -> Command {
    let mut words = wrapper.iter().map(String::as_str).chain(["curl"]);
    let mut command = stage.bed.command(words.next().unwrap_or_default());
    command.args(words);
    command.args(["--silent", "--fail", "--output", "/dev/null", "--cacert"]);
    command
        .arg(stage.bed.authority())
        .arg(format!("https://{}{PATH}", OPENAI.name));
    command
}

/// By another program that runs it.
fn behind(id: &str, what: &str, wrapper: &[&str], uid: u32) -> Scenario {
    let wrapper: Vec<_> = wrapper.iter().map(|&word| word.to_owned()).collect();
    Scenario::new(Group::Place, id, what, move |stage| {
        program(&wrapper[0])?;
        let caller = Caller::of(&tool("curl")?).by(uid);
        Ok(run(stage, &mut curl(stage, &wrapper), &caller))
    })
}

/// In a control group.
fn within(id: &str, what: &str, path: &str, place: Place) -> Scenario {
    let path = path.to_owned();
    Scenario::new(Group::Place, id, what, move |stage| {
        let group = Cgroup::new(&path);
        let caller = Caller::of(&tool("curl")?).within(place.clone());
        // Entered outside the namespace, where /sys is another.
        Ok(run(stage, &mut group.around(&curl(stage, &[])), &caller))
    })
}

fn run(stage: &Stage<'_>, command: &mut Command, caller: &Caller) -> Vec<Caused> {
    let mut client = Process::start(command);
    let status = client.wait(Duration::from_secs(30));
    assert!(status.success(), "curl: {status}\n{}", client.stderr.text());
    let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
    truth.iter().map(|it| direct(OPENAI, it, caller)).collect()
}
