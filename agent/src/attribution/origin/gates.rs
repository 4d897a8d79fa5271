//! Programs that let people in or set jobs off, by the names of their files.
//!
//! A gate counts only when root runs it: anyone may call a program `sshd`. A runner of a CI or a desktop is a user's own,
//! so whoever is that user can pretend to be one, but not take away the gate above it.

use crate::attribution::{image::Image, program::file_name};

/// What lets somebody in, or sets a job off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// A server of SSH.
    Ssh,
    /// cron and its like.
    Cron,
    /// A login at a terminal.
    Login,
    /// A login at a desktop.
    Display,
}

/// By the executable's file. `sshd-session` is sshd's part for a connection since OpenSSH 9.8.
const GATES: &[(Gate, &[&str])] = &[
    (Gate::Ssh, &["sshd", "sshd-session", "dropbear", "dropbearmulti"]),
    (
        Gate::Cron,
        &[
            "cron",
            "crond",
            "anacron",
            "fcron",
            "bcron-exec",
            "atd",
            "incrond",
        ],
    ),
    (Gate::Login, &["login", "agetty", "getty", "mingetty", "mgetty"]),
    (
        Gate::Display,
        &[
            "gdm",
            "gdm3",
            "gdm-session-worker",
            "sddm",
            "sddm-helper",
            "lightdm",
            "lxdm-binary",
            "xdm",
            "slim",
            "greetd",
            "ly",
            "lemurs",
            "xrdp-sesman",
            "xrdp-sesexec",
        ],
    ),
];

/// By the file of the executable, or of what an interpreter runs.
const RUNNERS: &[(&str, &[&str])] = &[
    ("github-actions", &["Runner.Worker", "Runner.Worker.dll"]),
    ("gitlab", &["gitlab-runner", "gitlab-ci-multi-runner"]),
    (
        "jenkins",
        &[
            "remoting.jar",
            "jenkins.war",
            "hudson.remoting.jnlp.Main",
            "hudson.remoting.Launcher",
        ],
    ),
    ("buildkite", &["buildkite-agent"]),
    ("azure-pipelines", &["Agent.Worker", "Agent.Worker.dll"]),
    ("drone", &["drone-agent", "drone-runner-exec", "drone-runner-ssh"]),
    ("woodpecker", &["woodpecker-agent"]),
    (
        "circleci",
        &["circleci-agent", "circleci-launch-agent", "circleci-runner"],
    ),
    (
        "teamcity",
        &[
            "jetbrains.buildServer.agent.AgentMain",
            "jetbrains.buildServer.agent.Launcher",
        ],
    ),
    ("gitea", &["act_runner"]),
    ("forgejo", &["forgejo-runner"]),
    ("gocd", &["agent-bootstrapper.jar", "agent-launcher.jar"]),
    ("bamboo", &["atlassian-bamboo-agent-installer.jar"]),
];

/// Jenkins' `agent.jar` is a name that others give theirs, too: these are its options.
const JENKINS_OPTIONS: &[&str] = &["-jnlpUrl", "-url", "-secret", "-workDir", "-jar-cache"];

/// Sessions of desktops, and compositors and window managers that are sessions by themselves.
const DESKTOPS: &[&str] = &[
    "gnome-session-binary",
    "gnome-session-service",
    "gnome-session",
    "gnome-shell",
    "plasmashell",
    "plasma_session",
    "startplasma-x11",
    "startplasma-wayland",
    "ksmserver",
    "xfce4-session",
    "cinnamon-session",
    "cinnamon-session-binary",
    "mate-session",
    "lxsession",
    "lxqt-session",
    "budgie-wm",
    "cosmic-session",
    "enlightenment",
    "i3",
    "sway",
    "Hyprland",
    "hyprland",
    "niri",
    "river",
    "labwc",
    "wayfire",
    "weston",
    "openbox",
    "fluxbox",
    "awesome",
    "bspwm",
    "dwm",
];

/// The gate that `image` is, when user `uid` runs it.
pub(super) fn gate(image: &Image, uid: u32) -> Option<Gate> {
    if uid != 0 {
        return None;
    }
    let mut name = file_name(image.executable.as_ref()?);
    // One file for many programs, which are told apart by how they are called.
    if matches!(name, "busybox" | "toybox") {
        let called = image.arguments.iter().take(2).map(|argument| file_name(argument));
        name = called
            .map(|name| name.trim_start_matches('-'))
            .find(|called| *called != name)?;
    }
    let of = |(_, names): &&(Gate, &[&str])| names.contains(&name);
    GATES.iter().find(of).map(|(gate, _)| *gate)
}

/// The CI whose runner `image` is.
pub(super) fn runner(image: &Image) -> Option<&'static str> {
    let names = [image.executable.as_ref(), image.program().script.as_ref()];
    names.into_iter().flatten().find_map(|path| {
        let name = file_name(path);
        let is_jenkins = || {
            let has = |option: &&str| image.arguments.iter().any(|argument| argument == option);
            name == "agent.jar" && JENKINS_OPTIONS.iter().any(has)
        };
        let of = |(_, names): &&(&str, &[&str])| names.contains(&name);
        let known = RUNNERS.iter().find(of).map(|(runner, _)| *runner);
        known.or_else(|| is_jenkins().then_some("jenkins"))
    })
}

/// The CI whose runner makes containers, or pods, with names like `container` for its jobs: GitLab's
/// (`ProjectUniqueName`, `common/build.go`) and those of Gitea and Forgejo (`ContainerNamePrefix`).
pub(super) fn made_for(container: &str) -> Option<&'static str> {
    let is_gitlabs = container.starts_with("runner-")
        && container.contains("-project-")
        && container.contains("-concurrent-");
    match container {
        _ if is_gitlabs => Some("gitlab"),
        name if name.starts_with("GITEA-ACTIONS-TASK-") => Some("gitea"),
        name if name.starts_with("FORGEJO-ACTIONS-TASK-") => Some("forgejo"),
        _ => None,
    }
}

/// The desktop whose session `image` is.
pub(super) fn desktop(image: &Image) -> Option<&str> {
    let name = file_name(image.executable.as_ref()?);
    DESKTOPS.contains(&name).then_some(name)
}
