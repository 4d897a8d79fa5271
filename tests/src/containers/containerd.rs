//! containerd and its `ctr`, with all that they keep in a folder of the test's own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::{Image, REFERENCE, apart, folder, remove_control_groups};
use crate::bed::TestBed;
use crate::machine::output;
use crate::process::{Process, bound};

/// containerd's namespace of the test, which is also the control group around its containers.
const NAMESPACE: &str = "umbra-tests";

/// A containerd with one image.
#[derive(Debug)]
pub struct Containerd {
    // Dropped in this order.
    _server: Process,
    dir: TempDir,
}

impl Containerd {
    /// Starts it and loads the image; containers have the bed's network.
    pub fn new(bed: &TestBed, image: &Image) -> Result<Self, String> {
        let dir = folder();
        let config = dir.path().join("config.toml");
        let text = format!(
            "version = 2\nroot = '{dir}/root'\nstate = '{dir}/state'\n\
             disabled_plugins = ['io.containerd.grpc.v1.cri']\n\
             [grpc]\naddress = '{dir}/socket'\n\
             [plugins.'io.containerd.internal.v1.opt']\npath = '{dir}/opt'\n",
            dir = dir.path().display()
        );
        fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
        let mut command = apart(&bed.network());
        let mut server = Process::start(command.args(["containerd", "--config"]).arg(config));
        server.said("containerd successfully booted", Duration::from_secs(20));
        let containerd = Self { _server: server, dir };
        let mut import = containerd.command();
        import
            .args(["image", "import", "--no-unpack"])
            .arg(image.archive());
        output(&mut import)?;
        Ok(containerd)
    }

    /// Where it listens.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// Starts a container of that id and with these labels, which is removed when it ends.
    pub fn start(&self, id: &str, labels: &[&str], program: &[&str]) -> Process {
        let mut command = self.command();
        command.args(["run", "--rm", "--net-host", "--snapshotter", "native"]);
        command.arg("--fifo-dir").arg(self.dir.path().join("fifo"));
        for label in labels {
            command.args(["--label", label]);
        }
        Process::start(command.args([REFERENCE, id]).args(program))
    }

    fn command(&self) -> Command {
        let mut command = bound("ctr");
        command.arg("--address").arg(self.socket());
        command.args(["--namespace", NAMESPACE]);
        command
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        remove_control_groups(&[NAMESPACE]);
    }
}
