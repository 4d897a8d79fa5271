//! Real container runtimes, each with an image, a configuration and a folder of its own.
//!
//! They run in the network of a test bed and in a mount namespace of their own, so that what they mount and what they
//! leave in `/run` and `/var/lib` goes with them.

mod containerd;
mod docker;
mod image;
mod lxc;
mod podman;
mod rootless;

use std::fs;
use std::path::Path;
use std::process::Command;

pub use containerd::Containerd;
pub use docker::Docker;
pub use image::{Image, REFERENCE};
pub use lxc::Lxc;
pub use podman::Podman;
pub use rootless::RootlessPodman;
use tempfile::TempDir;

use crate::process::bound;

/// A command in the network whose file is `network`, that sees an empty `/run` and `/var/lib`.
///
/// Not by `ip netns exec`, which shows another `/sys`, where runtimes find no control groups.
fn apart(network: &Path) -> Command {
    let mut command = bound("nsenter");
    command.arg(format!("--net={}", network.display()));
    command.args(["unshare", "--mount", "--propagation", "private", "sh", "-c"]);
    command.args([
        "mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && exec \"$@\"",
        "sh",
    ]);
    command
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("umbra-t-")
        .tempdir()
        .expect("a temporary folder")
}

/// Removes these control groups from each hierarchy, if nobody is in them: runtimes leave those around their containers'.
fn remove_control_groups(names: &[&str]) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for line in mounts.lines() {
        let mut fields = line.split(' ').skip(1);
        if let (Some(path), Some("cgroup" | "cgroup2")) = (fields.next(), fields.next()) {
            for name in names {
                let _ = fs::remove_dir(Path::new(path).join(name));
            }
        }
    }
}
