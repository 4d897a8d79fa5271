//! A real `umbra-collector serve`, as a child.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::authority::Authority;
use crate::database::Place;
use crate::process;

/// How long it may take to listen: a new database has all migrations to do.
const START: Duration = Duration::from_mins(1);
/// And to end: it waits for requests that run, and SQLite folds its log into the database.
const END: Duration = Duration::from_mins(1);
/// Where it says how agents reach it, and how people do.
const AGENTS: &str = "takes agents at https://";
const PAGE: &str = "listens on ";

/// A collector that runs.
pub(crate) struct Collector {
    /// Where agents enrol and report: HTTPS.
    pub(crate) agents: SocketAddr,
    /// Where people look, such as `http://127.0.0.1:40123`.
    pub(crate) page: String,
    program: PathBuf,
    child: Child,
    folder: TempDir,
}

impl Collector {
    /// Starts `program` on `place`; returns when it listens.
    pub(crate) fn start(program: &Path, place: &Place, authority: &Authority) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the collector's configuration")?;
        let configuration = configuration(place) + &authority.write(folder.path())?;
        fs::write(folder.path().join("collector.toml"), configuration)
            .context("cannot write the collector's configuration")?;
        let log = File::create(folder.path().join("log")).context("cannot make the collector's log")?;
        let mut command = process::bound(None, program);
        command.arg("serve").args(options(folder.path()));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let lines = lines(&mut child);
        let mut collector = Self {
            agents: ([127, 0, 0, 1], 0).into(),
            page: String::new(),
            program: program.to_owned(),
            child,
            folder,
        };
        while collector.page.is_empty() {
            let line = lines
                .recv_timeout(START)
                .with_context(|| format!("the collector does not start: {}", collector.last_words()))?;
            if let Some((_, address)) = line.split_once(AGENTS) {
                collector.agents = address.parse().context("the collector's address for agents")?;
            } else if let Some((_, address)) = line.split_once(PAGE) {
                address.clone_into(&mut collector.page);
            }
        }
        Ok(collector)
    }

    /// Its process id, which is also that of the program: `setpriv` does not fork.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Makes a token that lets `uses` agents enrol, as an operator makes it.
    pub(crate) fn token(&self, uses: usize) -> Result<String> {
        self.made(&["token", "create", "--uses", &uses.to_string()])
    }

    /// Makes a token that may ask whatever there is to ask.
    pub(crate) fn api_token(&self) -> Result<String> {
        self.made(&["api-token", "create", "umbra-fleet", "--role", "viewer"])
    }

    /// What a command of its makes and prints.
    fn made(&self, words: &[&str]) -> Result<String> {
        let output = Command::new(&self.program)
            .args(words)
            .args(options(self.folder.path()))
            .output()
            .with_context(|| format!("cannot start `umbra-collector {}`", words.join(" ")))?;
        ensure!(
            output.status.success(),
            "`umbra-collector {}` failed: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let token = String::from_utf8(output.stdout).context("a token is text")?;
        Ok(token.trim().to_owned())
    }

    /// Stops it as its service is stopped, which must be a success.
    pub(crate) fn stop(mut self) -> Result<()> {
        let status = process::end(&mut self.child, Signal::TERM, END)?;
        ensure!(
            status.success(),
            "the collector failed ({status}): {}",
            self.last_words()
        );
        Ok(())
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn options(folder: &Path) -> [PathBuf; 2] {
    ["--config".into(), folder.join("collector.toml")]
}

/// The defaults but for these: a fleet of thousands is to be enrolled within seconds, and a connection stays open while
/// its agent has nothing to say.
fn configuration(place: &Place) -> String {
    let place = match place {
        Place::Directory(directory) => format!("data = {:?}", directory.display().to_string()),
        Place::Postgres(url) => format!("database = {url:?}"),
    };
    format!(
        "listen = \"127.0.0.1:0\"\n{place}\n\
         [agents]\nlisten = \"127.0.0.1:0\"\nnames = [\"127.0.0.1\"]\nenrolments_per_second = 10000\n\
         [limits]\nhead_seconds = 600\nidle_seconds = 3600\n"
    )
}

/// What the child prints; read to its end, so that it is never blocked.
fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    lines
}
