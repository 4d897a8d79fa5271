//! Programs that call AI, and the names that they ask for.

use fastrand::Rng;
use umbra_catalog::{Catalogue, Kind};
use umbra_report::{Caller, Container, Origin, OriginKind, Package, Program, User};

/// What most people use. The rest of the catalogue is the long tail.
const FAVOURITES: [&str; 8] = [
    "api.openai.com",
    "api.anthropic.com",
    "chatgpt.com",
    "claude.ai",
    "api.githubcopilot.com",
    "generativelanguage.googleapis.com",
    "api.mistral.ai",
    "openrouter.ai",
];
/// Scripts and services of the long tail, fleet-wide.
const TAIL: u32 = 400;

/// A name of the catalogue with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) vendor: String,
    pub(crate) service: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

/// The names that are asked for.
pub(crate) struct Habits {
    favourites: Vec<Destination>,
    all: Vec<Destination>,
}

/// Something that calls AI, in the ways in which it comes to run.
#[derive(Clone, Copy)]
pub(crate) enum Tool {
    /// Somebody's command, from a package.
    Command(&'static str, &'static str, &'static str),
    /// An editor, from a package of the distribution.
    Editor(&'static str, &'static str),
    /// Somebody's script.
    Script(u32),
    /// A job of cron.
    Job(u32),
    /// A service in a container of a cluster.
    Workload(u32),
}

impl Habits {
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        let known = |name: &str| {
            catalogue.lookup(name).map(|found| Destination {
                vendor: found.vendor_name().to_owned(),
                service: found.service_name().to_owned(),
                kind: found.kind(),
                name: name.to_owned(),
            })
        };
        let names = catalogue.patterns().filter_map(|found| found.resolvable());
        Self {
            favourites: FAVOURITES.iter().filter_map(|name| known(name)).collect(),
            all: names.filter_map(known).collect(),
        }
    }

    /// A name by chance: three of four are favourites, the first of them most.
    pub(crate) fn any(&self, rng: &mut Rng) -> &Destination {
        if rng.u32(..4) > 0 {
            let most = rng.usize(1..=self.favourites.len());
            &self.favourites[rng.usize(..most)]
        } else {
            &self.all[rng.usize(..self.all.len())]
        }
    }
}

impl Tool {
    /// By chance: people's tools mostly, scripts and services of which there are many.
    pub(crate) fn any(rng: &mut Rng) -> Self {
        match rng.u32(..100) {
            0..20 => Self::Command("~/.local/bin/claude", "npm", "@anthropic-ai/claude-code"),
            20..35 => Self::Command("/usr/bin/curl", "dpkg", "curl"),
            35..40 => Self::Command("~/.local/bin/llm", "pip", "llm"),
            40..45 => Self::Command("~/.local/bin/aider", "pip", "aider-chat"),
            45..60 => Self::Editor("/usr/share/code/code (extension host)", "code"),
            60..65 => Self::Editor("/usr/share/cursor/cursor", "cursor"),
            65..80 => Self::Script(rng.u32(..TAIL)),
            80..88 => Self::Job(rng.u32(..TAIL)),
            _ => Self::Workload(rng.u32(..TAIL)),
        }
    }

    /// One caller of it and what set it off.
    pub(crate) fn caller(self, rng: &mut Rng) -> (Caller, Origin) {
        let uid = 1000 + rng.u32(..4);
        let person = User {
            uid,
            name: Some(format!("user{uid}")),
            groups: Some(vec!["users".to_owned()]),
        };
        let home = |path: &str| path.replacen('~', &format!("/home/user{uid}"), 1);
        let package = |manager: &str, name: &str| Package {
            manager: manager.to_owned(),
            name: name.to_owned(),
            version: Some(format!("1.{}.0", name.len())),
        };
        let digest = |text: &str| {
            Some(format!(
                "{:0>64}",
                text.bytes()
                    .fold(7u64, |sum, byte| sum * 31 % 999_983 + u64::from(byte))
            ))
        };
        let origin = |kind, name: Option<&str>| Origin {
            kind,
            name: name.map(str::to_owned),
            peer: (kind == OriginKind::Ssh).then(|| [192, 0, 2, 9].into()),
            ancestors: ancestors(kind),
        };
        let program = |name: String, exe: String, script: Option<String>, package: Option<Package>| Program {
            sha256: digest(&name),
            name,
            exe: Some(exe),
            script,
            package,
        };
        match self {
            Self::Command(path, manager, name) => {
                let program = program(path.to_owned(), home(path), None, Some(package(manager, name)));
                (caller(person, program, None, None), origin(OriginKind::Ssh, None))
            }
            Self::Editor(name, of) => {
                let exe = name.split(' ').next().unwrap_or(name).to_owned();
                let program = program(name.to_owned(), exe, None, Some(package("dpkg", of)));
                let unit = Some(format!("app-gnome-{of}-4711.scope"));
                (
                    caller(person, program, None, unit),
                    origin(OriginKind::Desktop, Some("gnome")),
                )
            }
            Self::Script(number) => {
                let path = format!("~/work/summarise-{number}.py");
                let name = format!("python3 {path}");
                let program = program(name, "/usr/bin/python3.12".to_owned(), Some(home(&path)), None);
                (caller(person, program, None, None), origin(OriginKind::Ssh, None))
            }
            Self::Job(number) => {
                let path = format!("/srv/jobs/report-{number}.sh");
                let name = format!("bash {path}");
                let program = program(name, "/usr/bin/bash".to_owned(), Some(path.clone()), None);
                let cron = origin(OriginKind::Cron, Some(&path));
                (
                    caller(
                        User {
                            uid: 0,
                            name: Some("root".to_owned()),
                            groups: Some(vec!["root".to_owned()]),
                        },
                        program,
                        None,
                        Some("cron.service".to_owned()),
                    ),
                    cron,
                )
            }
            Self::Workload(number) => {
                let name = "node /app/server.js".to_owned();
                let program = program(
                    name,
                    "/usr/local/bin/node".to_owned(),
                    Some("/app/server.js".to_owned()),
                    None,
                );
                let workload = format!("assistant-{number}");
                let container = Container {
                    id: format!("{:064x}", rng.u128(..)),
                    image: Some(format!("registry.example.com/{workload}:2.1")),
                    name: Some("app".to_owned()),
                    pod: Some(format!("{workload}-6f7d9-x{}", rng.u32(..1000))),
                    namespace: Some("assistants".to_owned()),
                    workload: Some(workload.clone()),
                };
                let user = User {
                    uid: 10_000 + number,
                    ..User::default()
                };
                (
                    caller(user, program, Some(container), None),
                    origin(OriginKind::Container, Some(&workload)),
                )
            }
        }
    }
}

fn caller(user: User, program: Program, container: Option<Container>, unit: Option<String>) -> Caller {
    Caller {
        user,
        program,
        container,
        unit,
    }
}

/// What stands between a program and what set it off.
fn ancestors(kind: OriginKind) -> Vec<String> {
    let line: &[&str] = match kind {
        OriginKind::Container => &["/usr/bin/containerd-shim-runc-v2"],
        OriginKind::Cron => &["/bin/sh", "/usr/sbin/cron"],
        _ => &["/bin/bash", "/usr/sbin/sshd", "/usr/lib/systemd/systemd"],
    };
    line.iter().map(|program| (*program).to_owned()).collect()
}
