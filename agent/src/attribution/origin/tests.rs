//! Who or what set a program off, by what is above it and around it.

mod table;

use std::sync::Arc;

use umbra_agent_common::process::{NO_LOGIN, NO_SESSION, Namespaces, ProcessKey};

use super::*;
use crate::attribution::{image::Image, place::ContainerRef, table::Known};

/// `pts/3`, as the kernel has it.
const TERMINAL: u32 = 136 << 20 | 3;
const ANN: u32 = 1_000;

/// From a word for each argument; the first is the executable, the user is before a colon, and a `#` is behind what is
/// on a terminal.
fn process(text: &str) -> Relative {
    let (user, rest) = text.split_once(':').unwrap();
    let terminal = if rest.ends_with('#') { TERMINAL } else { 0 };
    let arguments: Vec<_> = rest
        .trim_end_matches('#')
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let image = Image::new(arguments.first().cloned(), arguments, false, Some("/".to_owned()));
    Relative {
        key: ProcessKey {
            pid: 4_711,
            ..ProcessKey::default()
        },
        known: Some(Known {
            parent: ProcessKey::default(),
            image: Some(Arc::new(image)),
            uid: if user == "root" { 0 } else { ANN },
            login_uid: NO_LOGIN,
            session_id: NO_SESSION,
            namespaces: Namespaces::default(),
            terminal,
        }),
    }
}

fn line(texts: &[&str]) -> Vec<Relative> {
    texts.iter().map(|text| process(text)).collect()
}

fn from(texts: &[&str], place: &Place, session: Option<u32>) -> (Kind, Option<String>) {
    let origin = trace(&line(texts), place, session);
    (origin.kind, origin.name)
}

fn unit(unit: &str, user_unit: Option<&str>) -> Place {
    Place {
        unit: Some(unit.to_owned()),
        user_unit: user_unit.map(str::to_owned),
        manager: user_unit.map(|_| ANN),
        ..Place::default()
    }
}

const INIT: &str = "root:/usr/lib/systemd/systemd";

#[test]
fn the_way_up_tells_where_a_program_comes_from() {
    for (way, kind, name) in table::TABLE {
        let texts: Vec<_> = way.split(" < ").collect();
        let expected = (*kind, name.map(str::to_owned));
        assert_eq!(from(&texts, &Place::default(), None), expected, "{way}");
    }
}

#[test]
fn the_cgroup_tells_what_no_process_above_does() {
    let orphan: &[&str] = &["ann:/usr/bin/curl", INIT];
    let table = [
        (unit("bot.service", None), Kind::Service, Some("bot.service")),
        (
            unit("user@1000.service", Some("bot.service")),
            Kind::Service,
            Some("bot.service"),
        ),
        (
            unit("user@1000.service", Some("app-gnome-code-1234.scope")),
            Kind::Desktop,
            Some("code"),
        ),
        (unit("session-3.scope", None), Kind::Unknown, None),
        (unit("init.scope", None), Kind::Unknown, None),
    ];
    for (place, kind, name) in table {
        assert_eq!(
            from(orphan, &place, None),
            (kind, name.map(str::to_owned)),
            "{place:?}"
        );
    }
    let contained = |runtime, unit: Option<&str>| Place {
        unit: unit.map(str::to_owned),
        container: Some(ContainerRef {
            id: "web".to_owned(),
            runtime,
            pod: None,
            owner: None,
            outer: None,
        }),
        ..Place::default()
    };
    let docker = contained(Runtime::Docker, None);
    assert_eq!(from(orphan, &docker, None), (Kind::Container, None));
    let in_daemon = contained(Runtime::Containerd, Some("containerd.service"));
    assert_eq!(from(orphan, &in_daemon, None), (Kind::Container, None));
    let podman = contained(Runtime::Podman, Some("web.service"));
    assert_eq!(
        from(orphan, &podman, None),
        (Kind::Service, Some("web.service".to_owned()))
    );
    // Whoever started it by hand is known better than by its container.
    let by_hand = ["ann:/usr/bin/curl", "ann:/usr/bin/podman", "root:/usr/sbin/sshd"];
    assert_eq!(
        from(&by_hand, &contained(Runtime::Podman, None), None),
        (Kind::Ssh, None)
    );
}

#[test]
fn clues_are_there_where_files_may_say_more() {
    let clue = |texts: &[&str], place: &Place, session| trace(&line(texts), place, session).clue;
    let orphan: &[&str] = &["ann:/usr/bin/curl", INIT];
    let session = |number: &str| Some(Clue::Session(number.to_owned()));
    let timed = |name: &str, manager| {
        Some(Clue::Unit {
            name: name.to_owned(),
            manager,
        })
    };
    let user_unit = unit("user@1000.service", Some("bot.service"));
    assert_eq!(clue(orphan, &Place::default(), None), None);
    assert_eq!(clue(orphan, &Place::default(), Some(7)), session("7"));
    assert_eq!(
        clue(orphan, &unit("session-c2.scope", None), Some(7)),
        session("c2")
    );
    assert_eq!(
        clue(orphan, &unit("bot.service", None), None),
        timed("bot.service", None)
    );
    assert_eq!(
        clue(orphan, &user_unit, Some(7)),
        timed("bot.service", Some(1_000))
    );
    let served = ["ann:/usr/bin/curl", "root:/usr/sbin/sshd"];
    let connection = Clue::Connection(line(&served)[1].key);
    assert_eq!(clue(&served, &Place::default(), Some(7)), Some(connection));
}

#[test]
fn a_job_is_what_cron_had_a_shell_run() {
    let mut server = process("root:/usr/sbin/cron");
    server.key.pid = 12;
    let mut shell = process("ann:/bin/sh -c");
    let image = Image::new(
        Some("/bin/sh".to_owned()),
        ["/bin/sh", "-c", "/srv/report --all"].map(str::to_owned).into(),
        false,
        None,
    );
    shell.known.as_mut().unwrap().image = Some(Arc::new(image));
    let job = |below: &[Relative]| {
        let above = [process("root:/usr/sbin/cron"), server.clone(), process(INIT)];
        let line = [below, &above].concat();
        match trace(&line, &Place::default(), Some(7)).clue {
            Some(Clue::Job {
                server: asked,
                command,
                uid: ANN,
            }) if asked == server.key => command,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(job(&[process("ann:/usr/bin/curl"), shell]), "/srv/report --all");
    let in_its_place = process("ann:/usr/bin/curl -s x.example");
    assert_eq!(job(&[in_its_place]), "/usr/bin/curl -s x.example");
}

#[test]
fn a_session_has_a_peer_and_a_terminal() {
    let peer: IpAddr = "192.0.2.9".parse().unwrap();
    let mut line = line(&[
        "ann:/usr/bin/curl",
        "ann:/bin/bash#",
        "ann:/usr/sbin/sshd",
        "root:/usr/sbin/sshd",
    ]);
    let server = line[3].known.as_mut().unwrap();
    let mut image = Image::clone(server.image.as_ref().unwrap());
    image.peer = Some(peer);
    server.image = Some(Arc::new(image));
    let origin = trace(&line, &Place::default(), Some(7));
    assert_eq!(
        (origin.peer, origin.terminal.as_deref(), origin.clue),
        (Some(peer), Some("pts/3"), None)
    );
}

#[test]
fn what_was_found_fills_in_what_was_not_known() {
    let peer: Option<IpAddr> = "192.0.2.9".parse().ok();
    let found = Found {
        kind: Some(Kind::Ssh),
        peer,
        terminal: Some("pts/9".to_owned()),
        name: None,
    };
    let clue = Some(Clue::Session("7".to_owned()));
    let learned = |kind, name: Option<&str>| {
        let mut origin = Origin {
            kind,
            name: name.map(str::to_owned),
            terminal: Some("pts/3".to_owned()),
            peer: None,
            clue: clue.clone(),
        };
        origin.learn(found.clone());
        assert_eq!((origin.peer, origin.clue), (peer, None));
        // Where the program was started is known better than where the session began.
        assert_eq!(origin.terminal.as_deref(), Some("pts/3"));
        (origin.kind, origin.name)
    };
    assert_eq!(learned(Kind::Service, Some("ssh.service")), (Kind::Ssh, None));
    assert_eq!(
        learned(Kind::Ci, Some("jenkins")),
        (Kind::Ci, Some("jenkins".to_owned()))
    );
}

#[test]
fn containers_of_a_ci_are_known_by_their_names() {
    let table = [
        (
            "runner-zxwgkjap-project-42-concurrent-0-3f1bc8e7d2a1-build",
            None,
            Kind::Ci,
            Some("gitlab"),
        ),
        (
            "build",
            Some("runner-zxwgkjap-project-42-concurrent-0-x1y2z3"),
            Kind::Ci,
            Some("gitlab"),
        ),
        (
            "GITEA-ACTIONS-TASK-121_WORKFLOW-Build_JOB-build",
            None,
            Kind::Ci,
            Some("gitea"),
        ),
        (
            "FORGEJO-ACTIONS-TASK-7_WORKFLOW-ci_JOB-test",
            None,
            Kind::Ci,
            Some("forgejo"),
        ),
        ("runner-of-marathons", Some("web-0"), Kind::Container, None),
    ];
    for (container, pod, kind, name) in table {
        let facts = ContainerFacts {
            name: Some(container.to_owned()),
            pod: pod.map(str::to_owned),
            ..ContainerFacts::default()
        };
        let mut origin = Origin {
            kind: Kind::Container,
            ..Origin::default()
        };
        origin.contained(&facts);
        assert_eq!((origin.kind, origin.name.as_deref()), (kind, name), "{container}");
        // Who came over SSH and entered it, is still that person.
        let mut origin = Origin {
            kind: Kind::Ssh,
            ..Origin::default()
        };
        origin.contained(&facts);
        assert_eq!(origin.kind, Kind::Ssh);
    }
}

#[test]
fn terminals_have_names() {
    let table = [
        (0, None),
        (TERMINAL, Some("pts/3")),
        ((136 << 20) + 300, Some("pts/300")),
        (4 << 20 | 1, Some("tty1")),
        ((4 << 20) + 64, Some("ttyS0")),
        ((204 << 20) + 64, Some("204:64")),
    ];
    for (device, name) in table {
        assert_eq!(terminal::name(device).as_deref(), name);
    }
}

#[test]
fn units_of_applications_have_their_names() {
    let table = [
        ("app-gnome-code-1234.scope", Some("code")),
        (
            "app-gnome-org.gnome.Terminal-2345.scope",
            Some("org.gnome.Terminal"),
        ),
        ("app-org.kde.konsole-0a1b2c.scope", Some("org.kde.konsole")),
        (
            "app-flatpak-com.visualstudio.code-99.scope",
            Some("com.visualstudio.code"),
        ),
        ("app-gnome-google\\x2dchrome-4321.scope", Some("google-chrome")),
        ("app-code@0123456789abcdef.service", Some("code")),
        (
            "app-gnome-org.gnome.Evolution\\x2dalarm\\x2dnotify@autostart.service",
            Some("org.gnome.Evolution-alarm-notify"),
        ),
        ("snap.code.code-0a1b2c3d.scope", Some("code")),
        ("vte-spawn-0a1b2c3d.scope", Some("terminal")),
        ("app-.scope", None),
        ("app-x.scope", None),
        ("app-gnome-x.slice", None),
        ("bot.service", None),
    ];
    for (unit, application) in table {
        assert_eq!(applications::of_unit(unit).as_deref(), application, "{unit}");
    }
}
