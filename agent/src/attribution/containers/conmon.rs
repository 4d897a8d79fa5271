//! conmon, which podman and CRI-O leave beside each container: its arguments tell name and folder.

use std::{fs, os::unix::fs::MetadataExt as _};

use crate::attribution::{
    image::split_arguments,
    place::{ContainerRef, monitor::option},
    procfs,
};

/// Processes looked at.
const PROCESSES_MAX: usize = 50_000;

/// What the arguments of a monitor tell (conmon(8)).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Monitor {
    /// Name of the container.
    pub name: Option<String>,
    /// Folder with its `config.json`.
    pub bundle: Option<String>,
}

/// The monitor of `container`, which runs as the container's owner: others could say anything.
pub(super) fn find(container: &ContainerRef) -> Option<Monitor> {
    let owner = container.owner.unwrap_or(0);
    procfs::pids().into_iter().take(PROCESSES_MAX).find_map(|pid| {
        let folder = format!("/proc/{pid}");
        let comm = fs::read(format!("{folder}/comm")).ok()?;
        if comm != b"conmon\n" || fs::metadata(&folder).ok()?.uid() != owner {
            return None;
        }
        parse(&fs::read(format!("{folder}/cmdline")).ok()?, &container.id)
    })
}

fn parse(arguments: &[u8], id: &str) -> Option<Monitor> {
    let arguments = split_arguments(arguments);
    let value = |names| option(&arguments, names);
    (value(&["-c", "--cid"])? == id).then(|| Monitor {
        name: value(&["-n", "--name"]).map(str::to_owned),
        bundle: value(&["-b", "--bundle"]).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_those_of_podman() {
        let arguments = "/usr/bin/conmon --api-version 1 -c 0123 -u 0123 -r /usr/bin/crun -b \
                         /srv/overlay-containers/0123/userdata -p /run/pidfile -n web --exit-dir /run/libpod/exits"
            .replace(' ', "\0");
        let expected = Monitor {
            name: Some("web".to_owned()),
            bundle: Some("/srv/overlay-containers/0123/userdata".to_owned()),
        };
        assert_eq!(parse(arguments.as_bytes(), "0123"), Some(expected));
        assert_eq!(parse(arguments.as_bytes(), "web"), None);
        assert_eq!(parse(b"conmon\0-c", ""), None);
    }
}
