//! `umbra-agent top`: who on this host uses which vendor now, as an agent that runs on it tells.

mod feed;
mod keys;
mod model;
mod once;
mod rates;
mod view;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ratatui::crossterm::event;

use crate::live::SOCKET;
use feed::Feed;
use model::{Model, Next};
use view::Looks;

/// How long the screen stands still at most, so that ages and a lost agent show.
const FRAME: Duration = Duration::from_millis(500);
/// How long keys are waited for, before it is looked whether the agent has said something.
const GLANCE: Duration = Duration::from_millis(100);

/// What is asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Print one table, and end
    #[arg(long)]
    once: bool,
}

/// It cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// There is no socket.
    #[error(
        "no agent runs on this host ({} is not there): start one with `umbra-agent run` or its service, and look again",
        _0.display()
    )]
    NoAgent(PathBuf),
    /// The socket is another's.
    #[error("only root may look at what this host's programs do: run `sudo umbra-agent top`")]
    NotRoot,
    /// The socket cannot be read.
    #[error("cannot ask the agent at {}: {source}; is it of this version?", path.display())]
    Unreadable {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// There is nobody to show it to.
    #[error(
        "top needs a terminal; `umbra-agent top --once` prints one table, `umbra-agent run --output ndjson` every flow"
    )]
    NoTerminal,
    /// The terminal cannot be drawn on.
    #[error("cannot draw on the terminal: {0}")]
    Terminal(#[source] io::Error),
}

/// Shows until the person has seen enough.
pub fn main(options: &Options) -> Result<(), TopError> {
    let socket = Path::new(SOCKET);
    let mut feed = Feed::open(socket)?;
    if options.once {
        let word = feed.first_with_verdicts()?;
        let text = once::table(&word);
        return io::stdout()
            .write_all(text.as_bytes())
            .map_err(TopError::Terminal);
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    let mut terminal = ratatui::try_init().map_err(TopError::Terminal)?;
    let shown = show(&mut terminal, &mut feed);
    ratatui::restore();
    shown.map_err(TopError::Terminal)
}

fn show(terminal: &mut ratatui::DefaultTerminal, feed: &mut Feed) -> io::Result<()> {
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let (mut model, looks) = (Model::new(), Looks { colours });
    loop {
        terminal.draw(|frame| view::draw(frame, &mut model, looks))?;
        let mut waited = Duration::ZERO;
        loop {
            if event::poll(GLANCE)? {
                if keys::take(&mut model, &event::read()?) == Next::End {
                    return Ok(());
                }
                break;
            }
            waited += GLANCE;
            if feed.take(&mut model) || waited >= FRAME {
                break;
            }
        }
    }
}
