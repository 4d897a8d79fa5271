//! The whole-system tests: one program, started by us as root, here and under other kernels.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::build::Profile;
use crate::{root, shell, workspace};

/// The whole-system tests and what they start, built.
pub(crate) struct Programs {
    /// The tests.
    tests: PathBuf,
    /// Tests of what they are made of: readers of truth and load.
    pub(super) parts: PathBuf,
    /// The folder of the agent, the collector and the tests' own programs.
    folder: PathBuf,
}

impl Programs {
    /// Builds them; in the one profile or the other, but all in the same.
    pub(crate) fn build(profile: Profile) -> Result<Self> {
        let mut cargo = profile.build_of_everything();
        cargo
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit());
        eprintln!("$ {}", shell::line(&cargo));
        let output = cargo.output().context("cannot start cargo")?;
        ensure!(
            output.status.success(),
            "the tests do not build: see the messages above"
        );
        let messages = String::from_utf8_lossy(&output.stdout);
        let test = |name| {
            executable(&messages, name)
                .with_context(|| format!("cargo built no test program called `{name}`"))
        };
        Ok(Self {
            tests: test("system")?,
            parts: test("umbra_tests")?,
            folder: profile.folder(),
        })
    }

    /// Starts the tests here.
    pub(crate) fn command(&self, filter: Option<&str>) -> Command {
        let mut command = root::command("env");
        // sudo forgets these.
        for name in ["CI", "PATH", "RUST_BACKTRACE"] {
            if let Ok(value) = std::env::var(name) {
                command.arg(format!("{name}={value}"));
            }
        }
        command.arg(format!("UMBRA_BIN_DIR={}", self.folder.display()));
        command
            .arg(&self.tests)
            .args(filter)
            .arg("--nocapture")
            .current_dir(workspace::root());
        command
    }

    /// Starts the agent's preflight and then the tests, as a line for the guest's `sh`.
    pub(crate) fn guest_command(&self, filters: &[&str]) -> String {
        let quote = |path: &Path| shell::quote(&path.to_string_lossy());
        format!(
            "{agent} check; export UMBRA_BIN_DIR={bin}; {tests} {filters} --nocapture",
            agent = quote(&self.folder.join("umbra-agent")),
            bin = quote(&self.folder),
            tests = quote(&self.tests),
            filters = filters
                .iter()
                .map(|filter| shell::quote(filter))
                .collect::<Vec<_>>()
                .join(" "),
        )
    }
}

/// The test program of this name among cargo's messages.
pub(super) fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == name && message["profile"]["test"] == true;
        message["executable"]
            .as_str()
            .filter(|_| is_it)
            .map(PathBuf::from)
    })
}
