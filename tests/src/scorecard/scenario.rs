//! A scenario, and how it is played.

use std::fmt::{self, Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;

use super::score::{self, Outcome};
use super::{Caused, Observer, Stage};

/// Traffic of which all is known.
pub struct Scenario {
    /// Short name.
    pub id: String,
    /// What it varies.
    pub group: Group,
    /// What it does, in a line.
    pub what: String,
    /// Why the agent falls short here, as its docs say.
    pub expected: Option<&'static str>,
    starts_late: bool,
    play: Box<Play>,
}

/// Causes the flows, and says what they were.
type Play = dyn Fn(&mut Stage<'_>) -> Result<Vec<Caused>, Missing>;

/// What a scenario varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The client and its TLS stack.
    Client,
    /// How the bytes reach the socket, and which socket it is.
    Path,
    /// When it happens: before the observer starts, in a burst, for long.
    Lifetime,
    /// Where it runs: user, namespaces, unit, container.
    Place,
    /// What is between client and server.
    Proxy,
    /// What the docs list as not seen.
    BlindSpot,
}

/// What this machine lacks for a scenario, so that it cannot be played.
#[derive(Debug)]
pub struct Missing(pub String);

impl From<String> for Missing {
    fn from(what: String) -> Self {
        Self(what)
    }
}

/// How a scenario went.
#[derive(Debug)]
pub enum Played {
    /// It was scored.
    Scored(Outcome),
    /// This machine cannot play it.
    NotRun(String),
}

impl Scenario {
    /// One that begins when the observer watches.
    pub(super) fn new(
        group: Group,
        id: impl Into<String>,
        what: impl Into<String>,
        play: impl Fn(&mut Stage<'_>) -> Result<Vec<Caused>, Missing> + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            group,
            what: what.into(),
            expected: None,
            starts_late: false,
            play: Box::new(play),
        }
    }

    /// The same, but the observer starts when the scenario says so ([`Stage::watch`]).
    pub(super) fn before_the_observer(mut self) -> Self {
        self.starts_late = true;
        self
    }

    /// The same, where the docs say that the agent falls short.
    pub(super) fn short(mut self, why: &'static str) -> Self {
        self.expected = Some(why);
        self
    }

    /// Plays it once. An error is the harness's: what failed, in a sentence.
    pub fn play(&self, observer: &dyn Observer) -> Result<Played, String> {
        // The test bed panics when it fails, and puts everything away on its way out.
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut stage = Stage::new(observer);
            if !self.starts_late {
                stage.watch();
            }
            match (self.play)(&mut stage) {
                Err(Missing(what)) => Ok(Played::NotRun(what)),
                Ok(caused) => {
                    let seen = stage.finish(&caused);
                    score::score(&caused, &seen).map(Played::Scored)
                }
            }
        }));
        played.unwrap_or_else(|panic| Err(said(&*panic)))
    }
}

impl Debug for Scenario {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scenario({})", self.id)
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a word")
        .to_owned()
}
