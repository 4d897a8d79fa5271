//! A collector in a process of its own, which ends with its test however that ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::Client;

use crate::running::client_with;

pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts it by `command`, and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the collector");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("a line");
        let url = line
            .trim()
            .strip_prefix("Umbra collector listens on ")
            .expect(&line);
        Self {
            url: format!("{url}/"),
            child,
        }
    }

    /// A client that may do everything at the collector of this data, by a token that an operator would make.
    pub(crate) fn client(data: &Path, database: &[String]) -> Client {
        let mut command = Command::new(env!("CARGO_BIN_EXE_umbra-collector"));
        Self::client_by(&mut command, data, database)
    }

    /// The same, where `command` runs the collector's program.
    pub(crate) fn client_by(command: &mut Command, data: &Path, database: &[String]) -> Client {
        let output = command
            .args(["api-token", "create", "tests", "--role", "admin", "--data"])
            .arg(data)
            .args(database)
            .output()
            .expect("the command");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        client_with(String::from_utf8(output.stdout).expect("text").trim())
    }

    /// As `kill -9` does it.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
