//! Where a run keeps its data, and the command lines that follow from it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result};

use crate::{root, shell, workspace};

/// The file of the agent's token.
const TOKEN: &str = "token";

/// The folder that makes a second start remember the first.
pub(super) struct Place {
    folder: PathBuf,
}

impl Place {
    /// Makes the folder (`$XDG_STATE_HOME/umbra`, else `target/umbra-run`) and writes both configurations.
    pub(super) fn prepare(webhook: Option<&str>) -> Result<Self> {
        let folder = env::var_os("XDG_STATE_HOME").map_or_else(
            || workspace::target_dir().join("umbra-run"),
            |state| PathBuf::from(state).join("umbra"),
        );
        let place = Self { folder };
        let collector = place.folder.join("collector");
        fs::create_dir_all(&collector).with_context(|| format!("cannot make {}", collector.display()))?;
        place.write("agent.toml", &place.agent_config())?;
        // Written also when it is empty: an address, which may hold a secret, does not outlive its run.
        let webhook = webhook.map_or_else(String::new, |url| format!("[webhook]\nurl = {}\n", string(url)));
        place.write("collector.toml", &webhook)?;
        Ok(place)
    }

    /// The collector, as the user.
    pub(super) fn collector(&self, listen: SocketAddr, agents: SocketAddr) -> Command {
        let mut command = self.collector_command(&["serve"]);
        command.args(["--listen", &listen.to_string(), "--agents", &agents.to_string()]);
        command
    }

    /// Makes a token for the agent, which needs it at its first start, and when it was away for long.
    pub(super) fn invite(&self) -> Result<()> {
        let mut command = self.collector_command(&["token", "create"]);
        command.args(["--expires", "1h", "--label", "cargo xtask run"]);
        let token =
            shell::answer(&mut command).with_context(|| format!("`{}` failed", shell::line(&command)))?;
        self.write(TOKEN, &token)
    }

    fn collector_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(workspace::release_binary("umbra-collector"));
        command
            .args(words)
            .arg("--data")
            .arg(self.folder.join("collector"));
        command.arg("--config").arg(self.folder.join("collector.toml"));
        command
    }

    /// The agent, as root.
    pub(super) fn agent(&self, collector: SocketAddr) -> Command {
        let mut command = root::command(&workspace::release_binary("umbra-agent").to_string_lossy());
        command
            .args(["run", "--collector", &format!("https://{collector}"), "--config"])
            .arg(self.folder.join("agent.toml"));
        command
    }

    /// A person who tries it out wants to see a flow at once, not after a minute.
    fn agent_config(&self) -> String {
        let path = |name| string(&self.folder.join(name).to_string_lossy());
        format!(
            "[report]\ninterval_seconds = 1\n\n[enrolment]\ntoken_file = {}\n\n[spool]\ndirectory = {}\n",
            path(TOKEN),
            path("spool")
        )
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder.join(name);
        // For the owner alone.
        let file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A TOML basic string; TOML and JSON escape alike.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
