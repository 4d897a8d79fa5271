//! The table of what the flows of the captures asked for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::ends::Ends;

/// The table's name in the folder.
pub(super) const FILE: &str = "ground_truth.tsv";
/// Its columns; `-` is nothing.
pub(super) const COLUMNS: [&str; 8] = [
    "repo", "file", "proto", "flow", "sni", "decoders", "features", "extra",
];
/// What `decoders` says when the two that made the table agree.
const AGREED: &str = "both";

/// A flow and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// `REPO/FILE`.
    pub(super) file: PathBuf,
    /// `tls`, `quic` or `?`.
    pub(super) protocol: String,
    /// As the table writes it.
    pub(super) flow: String,
    pub(super) ends: Ends,
    /// Lower case, no trailing dot.
    pub(super) name: Option<String>,
    pub(super) decoders: String,
    /// What is special about the flow, without counts: `split-ch:7` is `split-ch`.
    pub(super) features: Vec<String>,
}

impl Row {
    /// Whether both decoders say so, hence whether a miss is ours.
    pub(super) fn is_agreed(&self) -> bool {
        self.decoders == AGREED
    }

    pub(super) fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|it| it == feature)
    }
}

/// The rows of the table in `folder`, those of a capture one after the other.
pub(super) fn read(folder: &Path) -> Result<Vec<Row>> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = parse(&text).with_context(|| format!("{} is not such a table", path.display()))?;
    rows.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(rows)
}

/// Understands the table; lines that begin with `#` are its heading.
pub(super) fn parse(text: &str) -> Result<Vec<Row>> {
    let lines = (1..).zip(text.lines());
    let rows: Vec<_> = lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| row(line).with_context(|| format!("line {number}")))
        .collect::<Result<_>>()?;
    ensure!(!rows.is_empty(), "it has no rows");
    Ok(rows)
}

fn row(line: &str) -> Result<Row> {
    let fields: Vec<_> = line.split('\t').collect();
    let &[repo, file, protocol, flow, name, decoders, features, ..] = &fields[..] else {
        anyhow::bail!(
            "{} columns instead of {}: {}",
            fields.len(),
            COLUMNS.len(),
            COLUMNS.join(", ")
        );
    };
    Ok(Row {
        file: Path::new(repo).join(file),
        protocol: protocol.to_owned(),
        flow: flow.to_owned(),
        ends: Ends::parse(flow).with_context(|| format!("`{flow}` is not of the form src:port>dst:port"))?,
        name: some(name).map(|name| name.trim_end_matches('.').to_ascii_lowercase()),
        decoders: decoders.to_owned(),
        features: some(features)
            .into_iter()
            .flat_map(|features| features.split(','))
            .map(|feature| feature.split(':').next().unwrap_or(feature).to_owned())
            .collect(),
    })
}

fn some(field: &str) -> Option<&str> {
    Some(field).filter(|&field| field != "-")
}
