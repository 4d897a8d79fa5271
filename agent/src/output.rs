//! What the agent prints of each flow: NDJSON for programs, or lines for people.

mod lines;
mod ndjson;
pub(crate) mod plain;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use crate::{
    attribution::Attributed,
    flows::{Change, Step},
    losses::Losses,
    names::Service,
};

pub use writer::OutputError;
use writer::Writer;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A line a flow's opening and close, for people
    Lines,
    /// One JSON object a line, for programs
    Ndjson,
    /// Nothing
    None,
}

impl Form {
    /// For who reads stdout: a person, or a program.
    pub fn of_stdout() -> Self {
        if io::stdout().is_terminal() {
            Self::Lines
        } else {
            Self::Ndjson
        }
    }
}

/// A change of a flow with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What happened.
    pub change: &'a Change,
    /// The name asked for.
    pub name: &'a str,
    /// Whose name that is.
    pub service: &'a Service,
    /// Who is behind the flow.
    pub attributed: &'a Attributed,
    /// The flow on whose behalf this one is made, by a proxy on this host.
    pub relays: Option<&'a str>,
}

/// Prints openings and closes.
pub struct Output {
    form: Form,
    host: String,
    writer: Option<Writer>,
}

impl Output {
    /// Prints to stdout, as `host`.
    ///
    /// Fails when the thread that writes cannot be started.
    pub fn to_stdout(form: Form, host: &str, losses: Arc<Losses>) -> Result<Self, OutputError> {
        let writer = match form {
            Form::None => None,
            Form::Lines | Form::Ndjson => Some(Writer::start(std::io::stdout(), losses)?),
        };
        Ok(Self {
            form,
            host: host.to_owned(),
            writer,
        })
    }

    /// Prints the change, unless it is nothing but more bytes.
    pub fn tell(&self, told: &Told<'_>) {
        let Some(writer) = self.writer.as_ref().filter(|_| told.change.step != Step::Moved) else {
            return;
        };
        writer.write(match self.form {
            Form::Ndjson => ndjson::line(told, &self.host),
            Form::Lines | Form::None => lines::line(told),
        });
    }

    /// Whether nobody reads stdout any more.
    pub fn is_closed(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::is_closed)
    }
}
