//! podman, with its storage in a folder of the test's own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::{Image, REFERENCE, apart, folder, remove_control_groups};
use crate::bed::TestBed;
use crate::machine::output;
use crate::process::Process;

/// The control groups around its containers and of what watches them, the inner one first.
const CONTROL_GROUPS: [&str; 2] = ["libpod_parent/conmon", "libpod_parent"];

/// A podman with one image.
#[derive(Debug)]
pub struct Podman {
    dir: TempDir,
    network: PathBuf,
}

impl Podman {
    /// Loads the image; containers have the bed's network.
    pub fn new(bed: &TestBed, image: &Image) -> Result<Self, String> {
        let podman = Self {
            dir: folder(),
            network: bed.network(),
        };
        output(
            podman
                .command()
                .args(["load", "--quiet", "--input"])
                .arg(image.archive()),
        )?;
        Ok(podman)
    }

    /// Starts a container of that name, which is removed when it ends.
    pub fn start(&self, name: &str, program: &[&str]) -> Process {
        let mut command = self.command();
        command.args(["run", "--rm", "--name", name, "--network", "host"]);
        // Its own are above what some hosts allow (setrlimit(2)).
        command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        Process::start(command.arg(REFERENCE).args(program))
    }

    fn command(&self) -> Command {
        let mut command = apart(&self.network);
        command.arg("podman");
        for (option, folder) in [("--root", "storage"), ("--runroot", "run"), ("--tmpdir", "tmp")] {
            command.arg(option).arg(self.dir.path().join(folder));
        }
        // What needs neither systemd nor a kernel with overlays in overlays.
        command.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"]);
        command.args(["--runtime", "runc", "--events-backend", "none"]);
        command
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = output(self.command().args(["rm", "--all", "--force", "--time", "0"]));
        remove_control_groups(&CONTROL_GROUPS);
    }
}
