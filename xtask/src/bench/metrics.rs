//! The agent's Prometheus page.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Samples by their full name, labels included (`name{label="value"}`).
pub(super) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Reads the page.
    pub(super) fn read(address: SocketAddr) -> Result<Self> {
        get(address).with_context(|| format!("cannot read the agent's metrics at http://{address}/metrics"))
    }

    /// The samples of a page.
    pub(super) fn parse(page: &str) -> Self {
        Self(
            page.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| {
                    let (name, value) = line.rsplit_once(' ')?;
                    Some((name.to_owned(), value.parse().ok()?))
                })
                .collect(),
        )
    }

    /// A sample.
    pub(super) fn get(&self, name: &str) -> Result<f64> {
        self.0
            .get(name)
            .copied()
            .with_context(|| format!("the agent's metrics have no `{name}`"))
    }

    /// What the kernel programs counted.
    pub(super) fn kernel(&self, counter: &str) -> Result<f64> {
        self.get(&format!("umbra_agent_kernel_total{{counter=\"{counter}\"}}"))
    }
}

fn get(address: SocketAddr) -> Result<Metrics> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    // HTTP/1.0: the page ends with the connection, and comes in one piece.
    write!(stream, "GET /metrics HTTP/1.0\r\nhost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, page) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
    anyhow::ensure!(
        head.split(' ').nth(1) == Some("200"),
        "it says `{}`",
        head.lines().next().unwrap_or_default()
    );
    Ok(Metrics::parse(page))
}
