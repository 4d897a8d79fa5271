//! Docker's daemon, with all that it keeps in a folder of the test's own.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Image, REFERENCE, apart, folder, remove_control_groups};
use crate::bed::TestBed;
use crate::machine::output;
use crate::process::{Process, bound};

/// The control group around its containers.
const CONTROL_GROUP: &str = "docker";

/// A daemon with one image.
#[derive(Debug)]
pub struct Docker {
    server: Process,
    dir: TempDir,
}

impl Docker {
    /// Starts it and loads the image; containers have the bed's network.
    pub fn new(bed: &TestBed, image: &Image) -> Result<Self, String> {
        let dir = folder();
        let mut command = apart(&bed.network());
        command.arg("dockerd");
        for (option, name) in [
            ("--data-root", "data"),
            ("--exec-root", "run"),
            ("--pidfile", "pid"),
        ] {
            command.arg(option).arg(dir.path().join(name));
        }
        // What needs neither bridges nor systemd, nor a kernel with overlays in overlays.
        command.args(["--bridge=none", "--iptables=false", "--storage-driver", "vfs"]);
        command.args(["--exec-opt", "native.cgroupdriver=cgroupfs", "--host"]);
        let server = Process::start(command.arg(host(&dir)));
        let mut docker = Self { server, dir };
        docker.server.said("API listen on", Duration::from_secs(20));
        let mut load = docker.command();
        output(load.args(["load", "--quiet", "--input"]).arg(image.archive()))?;
        Ok(docker)
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        socket(&self.dir)
    }

    /// Starts a container of that name, which is removed when it ends.
    pub fn start(&self, name: &str, program: &[&str]) -> Process {
        let mut command = self.command();
        command.args(["run", "--rm", "--name", name, "--network", "host"]);
        Process::start(command.arg(REFERENCE).args(program))
    }

    fn command(&self) -> Command {
        let mut command = bound("docker");
        command.args(["--host", &host(&self.dir)]);
        command
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // It ends its containers and its own containerd.
        self.server.interrupt();
        remove_control_groups(&[CONTROL_GROUP]);
    }
}

fn socket(dir: &TempDir) -> PathBuf {
    dir.path().join("socket")
}

fn host(dir: &TempDir) -> String {
    format!("unix://{}", socket(dir).display())
}
