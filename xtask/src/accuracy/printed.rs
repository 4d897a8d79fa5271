//! What `umbra-agent inspect` prints of a capture.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::ends::Ends;

/// Everything about one capture.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) lines: Vec<Line>,
    /// Why it was not read to its end.
    pub(super) problem: Option<String>,
}

/// One flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) ends: Ends,
    /// As it was printed.
    pub(super) flow: String,
    /// `tcp` or `udp`.
    pub(super) protocol: String,
    pub(super) name: Option<String>,
    pub(super) evidence: Option<String>,
    pub(super) ech: bool,
    pub(super) complete: bool,
}

impl Line {
    /// The name, if the flow's own hello gives it.
    pub(super) fn name_in_hello(&self) -> Option<&str> {
        let evidence = self.evidence.as_deref();
        self.name
            .as_deref()
            .filter(|_| matches!(evidence, Some("tls_sni" | "quic_sni")))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("no name"))?;
        if let Some(evidence) = &self.evidence {
            write!(f, " ({evidence})")?;
        }
        if !self.complete {
            f.write_str(", not complete")?;
        }
        Ok(())
    }
}

/// Runs the agent on `capture`.
pub(super) fn of(agent: &Path, capture: &Path) -> Result<Printed> {
    ensure!(capture.is_file(), "there is no file {}", capture.display());
    let mut command = Command::new(agent);
    let output = command
        .arg("inspect")
        .arg(capture)
        .output()
        .with_context(|| format!("cannot start {}", agent.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    // 1 is a capture with something wrong, whose other flows are printed all the same; a crash has no code, or 101.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "the agent failed ({}): {}",
        output.status,
        said.trim()
    );
    Ok(Printed {
        lines: parse(&String::from_utf8_lossy(&output.stdout))?,
        problem: (!output.status.success()).then(|| said.trim().to_owned()),
    })
}

/// Understands the agent's lines.
pub(super) fn parse(text: &str) -> Result<Vec<Line>> {
    text.lines()
        .map(|text| line(text).with_context(|| format!("not a line of inspect's: {text}")))
        .collect()
}

fn line(text: &str) -> Option<Line> {
    let object: Value = serde_json::from_str(text).ok()?;
    let text = |field: &str| object[field].as_str().map(str::to_owned);
    let flow = text("flow")?;
    Some(Line {
        ends: Ends::parse(&flow)?,
        flow,
        protocol: text("protocol")?,
        name: text("name"),
        evidence: text("evidence"),
        ech: object["ech"].as_bool()?,
        complete: object["complete"].as_bool()?,
    })
}
