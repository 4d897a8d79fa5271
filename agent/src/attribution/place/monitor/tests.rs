use std::sync::Arc;

use umbra_agent_common::process::{NO_LOGIN, NO_SESSION, Namespaces, ProcessKey};

use super::*;
use crate::attribution::{image::Image, table::Known};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ANN: u32 = 1_000;
/// The host's mount namespace, and a container's.
const HOST: u32 = 4_026_531_841;
const INSIDE: u32 = 4_026_532_300;

/// A process of `uid` with these arguments, the first of which is its executable.
fn process(uid: u32, mnt: u32, arguments: &str) -> Relative {
    let arguments: Vec<_> = arguments
        .replace("ID", ID)
        .split(' ')
        .map(str::to_owned)
        .collect();
    let image = Image::new(arguments.first().cloned(), arguments, false, None);
    Relative {
        key: ProcessKey::default(),
        known: Some(Known {
            parent: ProcessKey::default(),
            image: Some(Arc::new(image)),
            uid,
            login_uid: NO_LOGIN,
            session_id: NO_SESSION,
            namespaces: Namespaces {
                mnt,
                ..Namespaces::default()
            },
            terminal: 0,
        }),
    }
}

/// What is known of curl in `mnt`, under a monitor.
fn under(uid: u32, mnt: u32, monitor: &str) -> Option<ContainerRef> {
    container(&[
        process(uid, mnt, "/usr/bin/curl"),
        process(uid, mnt, "/bin/sh"),
        process(uid, HOST, monitor),
        process(0, HOST, "/usr/lib/systemd/systemd"),
    ])
}

#[test]
fn monitors_tell_the_container_they_were_started_for() {
    const SHIM: &str =
        "/usr/bin/containerd-shim-runc-v2 -namespace default -id bot-1 -address /run/containerd.sock";
    const CONMON: &str = "/usr/bin/conmon --api-version 1 -c ID -u ID -r /usr/bin/crun -n web --exit-dir /run/user/1000/libpod/exits";
    const CRIO: &str = "/usr/bin/conmon -b /run/containers -c ID --exit-dir /var/run/crio/exits -n k8s_web";
    const DOCKER: &str = "/usr/bin/containerd-shim-runc-v2 -namespace moby -id ID -address /run/docker.sock";
    for (uid, monitor, runtime, id, owner) in [
        (0, SHIM, Runtime::Containerd, "bot-1", None),
        (0, DOCKER, Runtime::Docker, ID, None),
        (0, CONMON, Runtime::Podman, ID, None),
        (0, CRIO, Runtime::Crio, ID, None),
        (ANN, CONMON, Runtime::Podman, ID, Some(ANN)),
    ] {
        let expected = ContainerRef {
            id: id.to_owned(),
            runtime,
            pod: None,
            owner,
            outer: None,
        };
        assert_eq!(under(uid, INSIDE, monitor), Some(expected), "{monitor}");
        // A hook that it starts, and a process of whose place nothing is known.
        assert_eq!(under(uid, HOST, monitor), None, "{monitor}");
        assert_eq!(under(uid, 0, monitor), None, "{monitor}");
    }
}

#[test]
fn others_are_no_monitors() {
    for monitor in [
        "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id ID",
        "/usr/bin/containerd-shim-runc-v2 -namespace default -id",
        "/usr/bin/containerd-shim-runc-v2 -namespace default -id ../../etc",
        "/usr/bin/containerd-shim-runc-v2 -id ID",
        "/usr/bin/conmon -n web",
        "/usr/bin/conmon-of-mine -c ID",
        "/bin/sh -c ID",
    ] {
        assert_eq!(under(0, INSIDE, monitor), None, "{monitor}");
    }
    assert_eq!(container(&[]), None);
}

#[test]
fn the_nearest_monitor_counts() {
    let line = [
        process(0, INSIDE + 1, "/usr/bin/curl"),
        process(0, INSIDE, "/usr/bin/conmon -c inner"),
        process(0, HOST, "/usr/bin/conmon -c outer"),
    ];
    assert_eq!(container(&line).unwrap().id, "inner");
}
