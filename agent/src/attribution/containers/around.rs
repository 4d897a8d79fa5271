//! The root directory of a container, for what runs in containers of its own inside: Docker in Docker, kind.

use std::fs;

use serde::Deserialize;

use super::{FILE_MAX, containerd, docker, json, podman};
use crate::attribution::{files::Root, place::ContainerRef};

/// A file with a process id in it, in bytes.
const PID_MAX: usize = 32;

/// The root of `container`'s first process, by the host's files below `host`.
pub(super) fn root_of(host: &str, container: &ContainerRef) -> Option<Root> {
    let root = match &container.outer {
        None => Root::open(host).ok()?,
        Some(outer) => root_of(host, outer)?,
    };
    let pid = pid(&root, container)?;
    // A runtime inside of a container counts in its own namespace, and ids are used again: is it the right process?
    let cgroup = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    if !cgroup.contains(&container.id) {
        return None;
    }
    Root::open(&format!("/proc/{pid}/root")).ok()
}

fn pid(root: &Root, container: &ContainerRef) -> Option<u32> {
    #[derive(Deserialize)]
    struct Docker {
        #[serde(rename = "State")]
        state: State,
    }
    #[derive(Deserialize)]
    struct State {
        #[serde(rename = "Pid")]
        pid: u32,
    }
    let number = |path: &str| root.text(path, PID_MAX)?.trim().parse().ok();
    let by_docker = |file: String| Some(json::<Docker>(root, &file, FILE_MAX)?.state.pid);
    docker::files(root, container)
        .find_map(by_docker)
        .or_else(|| {
            containerd::bundles(root, &container.id).find_map(|bundle| number(&format!("{bundle}/init.pid")))
        })
        .or_else(|| {
            podman::run_folders(container)
                .iter()
                .find_map(|folder| number(&format!("{folder}/{}/userdata/pidfile", container.id)))
        })
        .filter(|pid| *pid != 0)
}
