//! What set a program off: somebody's session, a job, a service.
//!
//! The rules and their limits are in `docs/ORIGIN.md`. What the kernel and the cgroup tell is decided at once, by [`trace`];
//! what takes a look into files is a [`Clue`], which a desk follows up.

mod applications;
mod clue;
mod gates;
mod terminal;

use std::net::IpAddr;

use super::{
    ancestry::Relative,
    containers::ContainerFacts,
    image::Image,
    place::{Place, Runtime},
};
pub use clue::Clue;
pub(super) use clue::{Connections, Found, desk};
use gates::Gate;
pub use umbra_report::OriginKind as Kind;

/// What set a program off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What kind of session or job.
    pub kind: Kind,
    /// Which job, timer, service, desktop or CI.
    pub name: Option<String>,
    /// Who is at the other end of the session.
    pub peer: Option<IpAddr>,
    /// The terminal that the program was started on: `pts/3`.
    pub terminal: Option<String>,
    /// What may tell more.
    pub clue: Option<Clue>,
}

impl Origin {
    /// Takes in what its container is: runners that have one made for each job name it so.
    pub(super) fn contained(&mut self, container: &ContainerFacts) {
        let names = [container.name.as_ref(), container.pod.as_ref()];
        if self.kind == Kind::Container
            && let Some(runner) = names.into_iter().flatten().find_map(|name| gates::made_for(name))
        {
            self.kind = Kind::Ci;
            self.name = Some(runner.to_owned());
        }
    }

    /// Takes in what the clue led to.
    pub(super) fn learn(&mut self, found: Found) {
        self.clue = None;
        // Which runner it is, stays true however it was reached.
        if let Some(kind) = found.kind.filter(|_| self.kind != Kind::Ci) {
            self.kind = kind;
            self.name = None;
        }
        self.name = self.name.take().or(found.name);
        self.peer = self.peer.or(found.peer);
        self.terminal = self.terminal.take().or(found.terminal);
    }
}

/// Whether `image` is a server of SSH, when user `uid` runs it.
pub(super) fn serves_ssh(image: &Image, uid: u32) -> bool {
    gates::gate(image, uid) == Some(Gate::Ssh)
}

/// The origin of the first process of `line`, which runs in `place`; `session` is the number of its login session.
pub(super) fn trace(line: &[Relative], place: &Place, session: Option<u32>) -> Origin {
    let way = Way::up(line);
    let peer = way.peer;
    let terminal = way.terminal.and_then(terminal::name);
    let (kind, name, clue) = way.decide(place, session, terminal.is_some());
    Origin {
        kind,
        name,
        peer,
        terminal,
        clue,
    }
}

/// What lies on the way up to what let somebody in, or set a job off.
#[derive(Default)]
struct Way<'a> {
    gate: Option<(Gate, &'a Relative)>,
    /// The uppermost of the processes in a row that are such gates: it lives for longer than what it forks.
    server: Option<&'a Relative>,
    /// The processes below the gate.
    below: &'a [Relative],
    runner: Option<&'static str>,
    desktop: Option<&'a str>,
    peer: Option<IpAddr>,
    terminal: Option<u32>,
}

impl<'a> Way<'a> {
    fn up(line: &'a [Relative]) -> Self {
        let mut way = Self {
            below: line,
            ..Self::default()
        };
        for (number, relative) in line.iter().enumerate() {
            let Some(known) = &relative.known else { continue };
            let Some(image) = &known.image else { continue };
            if let Some(gate) = gates::gate(image, known.uid) {
                way.gate = Some((gate, relative));
                way.server = line[number..]
                    .iter()
                    .take_while(|above| is_gate(above, gate))
                    .last();
                way.below = &line[..number];
                way.peer = image.peer;
                break;
            }
            way.runner = way.runner.or_else(|| gates::runner(image));
            way.desktop = way.desktop.or_else(|| gates::desktop(image));
            way.terminal = way
                .terminal
                .or(Some(known.terminal).filter(|number| *number != 0));
        }
        way
    }

    fn decide(
        &self,
        place: &Place,
        session: Option<u32>,
        has_terminal: bool,
    ) -> (Kind, Option<String>, Option<Clue>) {
        let connection = || match self.gate {
            Some((Gate::Ssh, relative)) if self.peer.is_none() => Some(Clue::Connection(relative.key)),
            _ => None,
        };
        if let Some(runner) = self.runner {
            return (Kind::Ci, Some(runner.to_owned()), connection());
        }
        let desktop = || {
            let application = place.user_unit.as_deref().and_then(applications::of_unit);
            application.or_else(|| self.desktop.map(str::to_owned))
        };
        match self.gate {
            Some((Gate::Ssh, _)) => (Kind::Ssh, None, connection()),
            Some((Gate::Cron, _)) => match self.script() {
                Some(script) => (Kind::Cron, Some(script), None),
                None => (Kind::Cron, None, self.job()),
            },
            Some((Gate::Display, _)) => (Kind::Desktop, desktop(), None),
            Some((Gate::Login, _)) if self.desktop.is_none() => (Kind::Terminal, None, None),
            _ => match desktop() {
                Some(name) => (Kind::Desktop, Some(name), None),
                None => elsewhere(place, session, has_terminal),
            },
        }
    }

    /// The script that `run-parts` runs for cron.
    fn script(&self) -> Option<String> {
        self.below.iter().rev().find_map(|relative| {
            let program = relative.known.as_ref()?.image.as_ref()?.program();
            let file = program.script.as_ref().or(program.exe.as_ref())?;
            file.starts_with("/etc/cron.").then(|| file.clone())
        })
    }

    /// What cron had a shell run (`sh -c COMMAND`). Some shells execute the last command in their own place.
    fn job(&self) -> Option<Clue> {
        let first = self.below.last()?.known.as_ref()?;
        let server = self.server?.key;
        let arguments = &first.image.as_ref()?.arguments;
        let command = match arguments.as_slice() {
            [_, option, command, ..] if option == "-c" => command.clone(),
            all => all.join(" "),
        };
        Some(Clue::Job {
            server,
            command,
            uid: first.uid,
        })
    }
}

fn is_gate(relative: &Relative, wanted: Gate) -> bool {
    let known = relative.known.as_ref();
    let gate = known.and_then(|known| gates::gate(known.image.as_ref()?, known.uid));
    gate == Some(wanted)
}

/// What the cgroup says, where no process on the way up does.
fn elsewhere(
    place: &Place,
    session: Option<u32>,
    has_terminal: bool,
) -> (Kind, Option<String>, Option<Clue>) {
    let unit = place.user_unit.as_ref().or(place.unit.as_ref());
    let service = unit.filter(|unit| unit.ends_with(".service"));
    // podman alone has containers below the unit that starts them; those of others are children of a daemon.
    let contained = place
        .container
        .as_ref()
        .is_some_and(|container| container.runtime != Runtime::Podman || service.is_none());
    let kind = match service {
        _ if contained => Kind::Container,
        Some(_) => Kind::Service,
        None if has_terminal => Kind::Terminal,
        None => Kind::Unknown,
    };
    let name = service.filter(|_| kind == Kind::Service).cloned();
    let scope = place
        .unit
        .as_deref()
        .and_then(|unit| unit.strip_prefix("session-")?.strip_suffix(".scope"));
    let clue = match (scope, session, &name) {
        (Some(scope), ..) => Some(Clue::Session(scope.to_owned())),
        // A user's manager has a session of its own, in which nobody is.
        (_, Some(session), _) if place.manager.is_none() => Some(Clue::Session(session.to_string())),
        (.., Some(name)) => Some(Clue::Unit {
            name: name.clone(),
            manager: place.manager,
        }),
        _ => None,
    };
    (kind, name, clue)
}

#[cfg(test)]
mod tests;
