//! The collector as a child process, and its page.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde::Deserialize;

use crate::event::{Container, Origin, User};
use crate::machine;
use crate::metrics::Metrics;
use crate::process::{Process, bound};
use crate::truth::Bytes;

/// What the collector says when it takes requests, before its address.
const LISTENING: &str = "Umbra collector listens on http://";

/// What it says before the link by which the first account is made.
const FIRST_ACCOUNT: &str = "make the first one, within a day, at ";

/// What it says before, when it takes agents.
const AGENTS: &str = "Umbra collector takes agents at https://";

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    process: Process,
    address: SocketAddr,
    agents: Option<SocketAddr>,
    /// What tests read it with.
    token: String,
}

impl Collector {
    /// Starts a collector on a free port that keeps its store in `data` and calls the webhook.
    pub fn start(data: &Path, webhook: Option<&str>) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), data, webhook)
    }

    /// Starts one on a given address.
    pub fn start_at(address: SocketAddr, data: &Path, webhook: Option<&str>) -> Self {
        let mut command = Self::command(&["serve", "--listen", &address.to_string()], data);
        if let Some(url) = webhook {
            command.args(["--webhook", url]);
        }
        Self::listening(Process::start(&mut command), &[], data)
    }

    /// Starts one on a free port that keeps its store in the database at this address.
    pub fn start_on(database: &str, data: &Path) -> Self {
        let words = ["serve", "--listen", "127.0.0.1:0", "--database", database];
        let process = Process::start(&mut Self::command(&words, data));
        Self::listening(process, &["--database", database], data)
    }

    /// Starts one that takes agents at [`Self::agents`], with these further keys under `[agents]`.
    pub fn for_agents(data: &Path, keys: &str) -> Self {
        let config = data.join("collector.toml");
        std::fs::write(&config, format!("[agents]\nlisten = \"127.0.0.1:0\"\n{keys}"))
            .unwrap_or_else(|error| panic!("{}: {error}", config.display()));
        let mut command = Self::command(&["serve", "--listen", "127.0.0.1:0"], data);
        command.arg("--config").arg(config);
        let mut process = Process::start(&mut command);
        let line = process.said(AGENTS, Duration::from_secs(20));
        let agents = line.trim_start_matches(AGENTS).parse();
        Self {
            agents: Some(agents.unwrap_or_else(|error| panic!("{line}: {error}"))),
            ..Self::listening(process, &[], data)
        }
    }

    /// What `umbra-collector` answers to `words` about the store in `data`; it must succeed.
    pub fn told(data: &Path, words: &[&str]) -> String {
        let mut command = Self::command(words, data);
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{words:?}: {error}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(words: &[&str], data: &Path) -> Command {
        let collector = machine::binary("umbra-collector").unwrap_or_else(|why| panic!("{why}"));
        let mut command = bound(collector);
        command.args(words).arg("--data").arg(data);
        command
    }

    /// Waits until it takes requests, and has it make a token that may do everything.
    fn listening(mut process: Process, place: &[&str], data: &Path) -> Self {
        let line = process.said(LISTENING, Duration::from_secs(20));
        let words = [&["api-token", "create", "tests", "--role", "admin"], place].concat();
        let token = Self::told(data, &words).trim().to_owned();
        let address = line.trim_start_matches(LISTENING).parse();
        Self {
            address: address.unwrap_or_else(|error| panic!("{line}: {error}")),
            agents: None,
            token,
            process,
        }
    }

    /// Where agents enrol and report.
    pub fn agents(&self) -> String {
        format!("https://{}", self.agents.expect("it takes agents"))
    }

    /// The link that its first start prints, by which the first account is made.
    pub fn set_up(&mut self) -> String {
        let said = self.process.said(FIRST_ACCOUNT, Duration::from_secs(20));
        let link = said.split_once(FIRST_ACCOUNT).map(|(_, link)| link.to_owned());
        link.unwrap_or_else(|| panic!("no link in {said}"))
    }

    /// A token that may do everything.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// What it counts.
    pub fn metrics(&self) -> Metrics {
        Metrics::asked(&(self.url() + "/metrics"), Some(&self.token))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address, as the agent and the browser take it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a person reads in the table of the inventory page.
    pub fn table(&self) -> String {
        let page = self
            .get("/inventory")
            .body_mut()
            .read_to_string()
            .expect("the page is text");
        let body = page
            .split_once("<tbody")
            .and_then(|(_, rest)| rest.split_once("</tbody>"));
        let Some((body, _)) = body else {
            return String::new();
        };
        // Names carry `<wbr>` between their labels; entities do not occur in what tests look for.
        body.split('<')
            .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
            .collect()
    }

    /// The inventory's rows about one name; it has 1,000 at most.
    pub fn rows(&self, name: &str) -> Vec<Row> {
        let mut inventory: Inventory = self
            .get("/v1/inventory?limit=1000")
            .body_mut()
            .read_json()
            .expect("the inventory has its form");
        inventory.rows.retain(|row| row.name == name);
        inventory.rows
    }

    /// The agents that it knows.
    pub fn heard(&self) -> Vec<Heard> {
        let agents: Agents = self
            .get("/v1/agents")
            .body_mut()
            .read_json()
            .expect("the agents have their form");
        agents.agents
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(mut self) -> ExitStatus {
        self.process.interrupt()
    }

    fn get(&self, path: &str) -> ureq::http::Response<ureq::Body> {
        let url = self.url() + path;
        ureq::get(&url)
            .header("authorization", format!("Bearer {}", self.token))
            .call()
            .unwrap_or_else(|error| panic!("{url}: {error}"))
    }
}

#[derive(Debug, Deserialize)]
struct Agents {
    agents: Vec<Heard>,
}

/// An agent that the collector knows.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard {
    /// `online`, `late`, `missing` or `retired`.
    pub state: String,
    /// What it said of its work.
    pub condition: Option<Condition>,
}

/// How an agent's work goes.
#[derive(Clone, Debug, Deserialize)]
pub struct Condition {
    /// Longest pause between two reports.
    pub heartbeat_seconds: u32,
    /// What waits for the collector.
    pub spool: Option<Waiting>,
    /// Which catalogue it started with.
    pub catalogue: String,
    /// Kernel programs that are attached.
    pub programs: u32,
}

/// How full a spool is.
#[derive(Clone, Debug, Deserialize)]
pub struct Waiting {
    /// Age of the oldest record.
    pub oldest_seconds: u64,
}

#[derive(Debug, Deserialize)]
struct Inventory {
    rows: Vec<Row>,
}

/// A row of the inventory: a caller on a host, and a name that it used.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// The caller's number.
    pub caller: i64,
    /// Id of the host's agent.
    pub agent: String,
    /// Vendor in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Host name asked for.
    pub name: String,
    /// Fleet-wide name of the program.
    pub program: String,
    /// User of the host.
    pub user: User,
    /// Container that it ran in.
    pub container: Option<Container>,
    /// What set it off last.
    pub origin: Option<Origin>,
    /// Host.
    pub host: String,
    /// Flows that began.
    pub flows: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// When it was first seen.
    pub first_seen: String,
    /// When it was last seen.
    pub last_seen: String,
    /// What has been decided about it.
    pub verdict: String,
    /// The finding about this program and vendor.
    pub finding: Option<i64>,
}

impl Row {
    /// Flows and bytes of some rows together.
    pub fn sum(rows: &[Self]) -> (u64, Bytes) {
        let bytes = rows.iter().map(|row| Bytes {
            out: row.bytes_out,
            r#in: row.bytes_in,
        });
        (rows.iter().map(|row| row.flows).sum(), bytes.sum())
    }
}
