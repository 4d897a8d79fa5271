//! Ways up, and what they tell. From the program to the gate; before a colon is the user, behind what is on a terminal is
//! a `#`.

use super::Kind;

#[rustfmt::skip]
pub(super) const TABLE: &[(&str, Kind, Option<&str>)] = &[
    // A person at another machine, before OpenSSH 9.8 and since; with sudo, tmux and an editor in between.
    ("ann:/usr/bin/claude# < ann:/bin/bash# < ann:/usr/sbin/sshd < root:/usr/sbin/sshd < root:/usr/sbin/sshd", Kind::Ssh, None),
    ("ann:/usr/bin/claude# < ann:/bin/bash# < ann:/usr/lib/openssh/sshd-session < root:/usr/lib/openssh/sshd-session", Kind::Ssh, None),
    ("root:/usr/bin/curl# < root:/usr/bin/sudo# < ann:/bin/bash# < ann:/usr/bin/tmux < ann:/usr/bin/tmux# < root:/usr/sbin/sshd", Kind::Ssh, None),
    ("ann:/usr/bin/curl < root:/usr/sbin/dropbear", Kind::Ssh, None),
    ("ann:/usr/bin/curl < root:/bin/busybox crond -f", Kind::Cron, None),
    // Whoever calls a program sshd, is not let in by it.
    ("ann:/usr/bin/curl# < ann:/home/ann/sshd < ann:/bin/bash# < root:/bin/login", Kind::Terminal, None),
    ("ann:/usr/bin/curl < ann:/home/ann/cron < ann:/home/ann/gnome-shell < root:/usr/sbin/sshd", Kind::Ssh, None),
    ("ann:/usr/bin/curl# < ann:/bin/bash# < root:/usr/bin/login < root:/usr/lib/systemd/systemd", Kind::Terminal, None),
    ("ann:/usr/bin/curl# < ann:/bin/bash# < ann:/usr/bin/script", Kind::Terminal, None),
    // Desktops: by a display manager, by hand, by a user's manager.
    ("ann:/usr/bin/claude# < ann:/bin/zsh# < ann:/usr/share/code/code < ann:/usr/bin/gnome-shell < ann:/usr/libexec/gnome-session-binary < root:/usr/libexec/gdm-session-worker < root:/usr/sbin/gdm3", Kind::Desktop, Some("gnome-shell")),
    ("ann:/usr/bin/curl < ann:/usr/bin/i3 < ann:/usr/bin/xinit < ann:/bin/bash# < root:/usr/bin/login", Kind::Desktop, Some("i3")),
    ("ann:/usr/bin/konsole < ann:/usr/bin/plasmashell < ann:/usr/lib/systemd/systemd < root:/usr/lib/systemd/systemd", Kind::Desktop, Some("plasmashell")),
    ("ann:/usr/bin/curl < ann:/bin/sh -c /srv/report < root:/usr/sbin/cron < root:/usr/sbin/cron", Kind::Cron, None),
    ("root:/usr/bin/curl < root:/bin/sh /etc/cron.daily/report < root:/usr/bin/run-parts /etc/cron.daily < root:/bin/sh -c < root:/usr/sbin/cron", Kind::Cron, Some("/etc/cron.daily/report")),
    ("ann:/usr/bin/curl < ann:/bin/sh < root:/usr/sbin/atd", Kind::Cron, None),
    ("ann:/usr/bin/node < ann:/home/ann/actions-runner/bin/Runner.Worker spawnclient < ann:/home/ann/actions-runner/bin/Runner.Listener run < root:/usr/lib/systemd/systemd", Kind::Ci, Some("github-actions")),
    ("ann:/usr/bin/curl < ann:/bin/bash < root:/usr/bin/gitlab-runner run < root:/usr/lib/systemd/systemd", Kind::Ci, Some("gitlab")),
    ("ann:/usr/bin/curl < ann:/usr/bin/java -jar remoting.jar -workDir /srv < ann:/bin/bash < root:/usr/sbin/sshd", Kind::Ci, Some("jenkins")),
    ("ann:/usr/bin/curl < ann:/usr/bin/java -jar agent.jar -url https://ci.example/", Kind::Ci, Some("jenkins")),
    ("ann:/usr/bin/curl < ann:/usr/bin/java -jar agent.jar", Kind::Unknown, None),
    ("ann:/usr/bin/curl < ann:/usr/bin/java jetbrains.buildServer.agent.AgentMain", Kind::Ci, Some("teamcity")),
    ("ann:/usr/bin/curl < ann:/usr/bin/buildkite-agent bootstrap < ann:/usr/bin/buildkite-agent start", Kind::Ci, Some("buildkite")),
    ("ann:/usr/bin/curl < ann:/usr/local/bin/drone-runner-exec", Kind::Ci, Some("drone")),
    ("ann:/usr/bin/curl < ann:/usr/local/bin/woodpecker-agent", Kind::Ci, Some("woodpecker")),
    ("ann:/usr/bin/curl < ann:/opt/circleci/circleci-runner machine", Kind::Ci, Some("circleci")),
    ("ann:/usr/bin/curl < root:/usr/lib/systemd/systemd", Kind::Unknown, None),
];
