use std::io::{self, IsTerminal as _, Write as _};

use tokio::sync::watch;
use umbra_agent::report::Link;

/// Says at a terminal what is being done, so that nobody wonders whether it hangs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    shows: bool,
}

impl Progress {
    /// On standard error, if that is a terminal.
    pub(super) fn new() -> Self {
        Self {
            shows: io::stderr().is_terminal(),
        }
    }

    /// Says a step that takes a moment.
    pub(super) fn say(self, what: &str) {
        if self.shows {
            say(what);
        }
    }

    /// Says when a collector has taken the first report.
    pub(super) async fn reported(self, mut link: watch::Receiver<Option<Link>>) {
        if self.shows
            && let Ok(link) = link.wait_for(Option::is_some).await
            && let Some(link) = link.as_ref()
        {
            say(&format!("{link} takes what this host reports"));
        }
    }
}

/// A line of the agent's own. Not `eprintln!`, which panics when nobody can be told.
pub(super) fn say(what: &str) {
    let _ = writeln!(io::stderr(), "umbra-agent: {what}");
}
