use std::io;
use std::path::{Path, PathBuf};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}: {source}; name a readable file with --config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is not TOML, or a key or value of it is not known.
    #[error("{}, line {line}: {problem}; correct it: agent/agent.toml of the sources describes every key", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it, in one line.
        problem: String,
    },
}

impl ConfigError {
    pub(super) fn invalid(path: &Path, text: &str, problem: &toml::de::Error) -> Self {
        let before = problem
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let problem = problem
            .message()
            .lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(", ");
        Self::Invalid {
            path: path.to_owned(),
            line,
            problem,
        }
    }
}
