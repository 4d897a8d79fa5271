//! What can be wrong with a file of the catalogue.

use crate::host::HostProblem;

/// A file of the catalogue, or of the user's own, that cannot be taken. `file` is what the caller called it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not there, not readable or not UTF-8.
    #[error(
        "cannot read the catalogue file {file}: {cause}; check the path, its permissions and that it is UTF-8 text"
    )]
    Read {
        /// The file.
        file: String,
        /// What the system says; part of the sentence, hence no `source` that would repeat it.
        cause: std::io::Error,
    },
    /// Not TOML, an unknown or a missing key, a value out of its vocabulary.
    #[error("{file}:{line}: {message}; see catalog/README.md for the form")]
    Form {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What the parser says, on one line.
        message: String,
    },
    /// A pattern's host that is none.
    #[error("{file}:{line}: `{host}` {problem}")]
    Host {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// As written.
        host: String,
        /// What is wrong, and the remedy.
        problem: HostProblem,
    },
    /// The same host with the same reach twice.
    #[error("{file}:{line}: `{host}` is listed twice with the same `match`; keep one of them")]
    Duplicate {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// As written.
        host: String,
    },
    /// Something to disable that the built-in catalogue does not hold.
    #[error(
        "{file}:{line}: cannot disable {what} `{name}`: the built-in catalogue has none of that name; correct or remove it"
    )]
    NothingToDisable {
        /// The file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// `vendor` or `host`.
        what: &'static str,
        /// As written.
        name: String,
    },
    /// More than the kernel's map holds.
    #[error(
        "{file}: the catalogue compiles to more than the {capacity} entries that the kernel's map holds; remove patterns, those with several wildcards first"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// How many there may be.
        capacity: usize,
    },
}
