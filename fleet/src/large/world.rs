//! What the hosts of a large fleet have in common: names of the built-in catalogue, programs and people. A few of
//! each are everywhere and most are rare, as in real fleets.

use fastrand::Rng;
use umbra_catalog::{Catalogue, Kind};

/// Programs that are found on most hosts, with the place that some of them have.
const COMMON: [(&str, &str); 14] = [
    ("/usr/bin/curl", ""),
    ("/usr/bin/python3.12", ""),
    ("claude", ""),
    ("/usr/share/code/code", ""),
    ("/opt/google/chrome/chrome", ""),
    ("/usr/lib/firefox/firefox", ""),
    ("/usr/bin/node", ""),
    ("cursor", ""),
    ("/usr/bin/wget", ""),
    ("/usr/bin/git", ""),
    ("codex", ""),
    ("litellm", "litellm.service"),
    ("open-webui", "ghcr.io/open-webui/open-webui"),
    ("/usr/bin/ollama", "ollama.service"),
];
/// Of these, the first ones ask for all kinds of names; any other program has few that it asks for.
const ROAMING: usize = 6;
/// Names that a program asks for, unless it roams.
const FAVOURITES: u64 = 4;
const GIVEN: [&str; 16] = [
    "ada", "ben", "chen", "dara", "emil", "fay", "goran", "hana", "ivo", "jun", "kira", "lars", "mona",
    "nils", "olga", "pia",
];
const FAMILY: [&str; 16] = [
    "abel", "berg", "costa", "diaz", "eder", "funk", "gray", "hahn", "ito", "jansen", "khan", "lopez",
    "meyer", "novak", "okoye", "park",
];

/// A name of the catalogue.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(crate) vendor: String,
    pub(crate) service: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// A caller's fleet-wide form.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) place: String,
}

/// What hosts have in common.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) destinations: Vec<Destination>,
    pub(crate) programs: Vec<Program>,
    pub(crate) people: Vec<String>,
}

impl World {
    /// For so many callers on so many hosts.
    pub(crate) fn new(rng: &mut Rng, hosts: u64, callers: u64) -> Self {
        let catalogue = Catalogue::builtin();
        let patterns = catalogue.patterns().map(|pattern| Destination {
            vendor: pattern.vendor_name().to_owned(),
            service: pattern.service_name().to_owned(),
            kind: pattern.kind(),
            name: pattern.host().replace('*', "eu"),
        });
        let mut destinations: Vec<Destination> = patterns.collect();
        destinations.sort_by(|one, other| key(one).cmp(&key(other)));
        destinations.dedup_by(|one, other| key(one) == key(other));
        rng.shuffle(&mut destinations);
        // What everybody uses comes first.
        destinations.sort_by_key(|it| !matches!(&*it.vendor, "OpenAI" | "Anthropic"));

        let rare = (callers / 60).max(20);
        let common = COMMON.iter().map(|(name, place)| Program {
            name: (*name).to_owned(),
            place: (*place).to_owned(),
        });
        let programs = common
            .chain((0..rare).map(|number| match number % 3 {
                0 => Program {
                    name: format!("/srv/jobs/task-{number}.py"),
                    place: format!("task-{number}.service"),
                },
                1 => Program {
                    name: format!("@tools/agent-{number}"),
                    place: String::new(),
                },
                _ => Program {
                    name: format!("/app/server-{number}.js"),
                    place: format!("registry.example/team-{}/server-{number}", number % 97),
                },
            }))
            .collect();
        let people = (0..(hosts / 2).max(10))
            .map(|number| {
                let number = usize::try_from(number).unwrap_or(usize::MAX);
                let (given, family) = (GIVEN[number % 16], FAMILY[number / 16 % 16]);
                format!("{given}.{family}{}", number / 256)
            })
            .collect();
        Self {
            destinations,
            programs,
            people,
        }
    }

    /// Names that a caller of this program uses: up to `most` different ones.
    pub(crate) fn used_by(&self, program: usize, most: usize, rng: &mut Rng) -> Vec<usize> {
        let mut used = Vec::with_capacity(most);
        for _ in 0..most {
            let destination = if program < ROAMING {
                skewed(rng, self.destinations.len(), 4)
            } else {
                // The same few wherever it runs.
                let favourite = program as u64 * FAVOURITES + rng.u64(0..FAVOURITES);
                skewed(&mut Rng::with_seed(favourite), self.destinations.len(), 3)
            };
            if !used.contains(&destination) {
                used.push(destination);
            }
        }
        used.sort_unstable();
        used
    }
}

fn key(destination: &Destination) -> (&str, &str, &str, &str) {
    let Destination {
        vendor,
        service,
        kind,
        name,
    } = destination;
    (vendor, service, kind.as_str(), name)
}

/// A number below `below`; the greater `power`, the more often a low one.
pub(crate) fn skewed(rng: &mut Rng, below: usize, power: i32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "numbers of rows are far below 2^52"
    )]
    let drawn = (rng.f64().powi(power) * below as f64) as usize;
    drawn.min(below - 1)
}
