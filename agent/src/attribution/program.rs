//! What a person would say ran: the executable, or the script or module behind an interpreter.
//!
//! Pure functions of the executable's path, the arguments and the working directory at exec. The rules, and a table of
//! what is said of each kind of program, are in `docs/IDENTITY.md`.

mod applications;
mod arguments;
mod identity;
mod interpreters;
mod layouts;
mod wrappers;

use std::path::{Component, Path, PathBuf};

use umbra_report::Program;

use super::image::Image;
use applications::Electron;
use arguments::Subject;
pub(super) use identity::file_name;
use identity::fleet_wide;

/// Stands for a program of which nothing is known.
pub(super) const UNKNOWN: &str = "unknown";

/// Programs that run programs, one in the other.
const DEPTH_MAX: usize = 4;

/// The module of Python that `program` is, if it was run by its name.
pub(super) fn module(program: &Program) -> Option<&str> {
    let module = program.script.as_deref()?;
    let interpreter = program.name.strip_suffix(module)?;
    matches!(interpreter, "python2 -m " | "python3 -m ").then_some(module)
}

/// The program of `image`.
///
/// `name` is the fleet-wide identity: `/usr/bin/curl`, `python3 ~/bots/slack.py`, `~/.local/bin/llm`,
/// `python3 -m http.server`, `node -e`.
pub(super) fn of(image: &Image) -> Program {
    let mut arguments = image.arguments.as_slice();
    // The last of them may be half of one.
    if image.arguments_cut {
        arguments = arguments.split_last().map_or(arguments, |(_, whole)| whole);
    }
    let Some(executable) = &image.executable else {
        return Program {
            name: image
                .arguments
                .first()
                .map_or_else(|| UNKNOWN.to_owned(), |called| fleet_wide(called)),
            ..Program::default()
        };
    };
    let said = say(executable, arguments, image.directory.as_deref(), 0);
    let said = match &said.script {
        None => started_for(image).unwrap_or(said),
        Some(_) => said,
    };
    Program {
        name: said.name,
        exe: Some(executable.clone()),
        script: said.script,
        ..Program::default()
    }
}

/// What is said of a program.
struct Said {
    name: String,
    script: Option<String>,
}

impl Said {
    fn plain(executable: &str) -> Self {
        Self {
            name: fleet_wide(executable),
            script: None,
        }
    }
}

fn say(executable: &str, arguments: &[String], directory: Option<&str>, depth: usize) -> Said {
    if depth < DEPTH_MAX
        && let Some((program, arguments)) = wrappers::loaded(executable, arguments)
    {
        let program = absolute(program, directory);
        let said = say(&program, arguments, directory, depth + 1);
        return Said {
            script: said.script.or(Some(program)),
            ..said
        };
    }
    if depth < DEPTH_MAX
        && let Some((shown, arguments)) = wrappers::applet(executable, arguments)
    {
        let applet = file_name(&arguments[0]);
        let said = interpreted(applet, arguments, directory);
        return said.map_or_else(
            || Said {
                name: format!("{shown} {applet}"),
                script: None,
            },
            |said| Said {
                name: format!("{shown} {}", said.name),
                ..said
            },
        );
    }
    let said = application(executable, arguments, directory)
        .or_else(|| interpreted(file_name(executable), arguments, directory))
        .unwrap_or_else(|| Said::plain(executable));
    match applications::part(executable, arguments) {
        Some(part) => Said {
            name: format!("{} ({part})", said.name),
            ..said
        },
        None => said,
    }
}

fn application(executable: &str, arguments: &[String], directory: Option<&str>) -> Option<Said> {
    if let Some(electron) = applications::electron(executable, arguments) {
        return Some(match electron {
            Electron::App(app) => {
                let app = absolute(&app, directory);
                Said {
                    name: format!("electron {}", fleet_wide(&app)),
                    script: Some(app),
                }
            }
            Electron::Data(data) => Said {
                name: format!("electron {}", fleet_wide(&data)),
                script: None,
            },
        });
    }
    if interpreters::find(file_name(executable)).is_some() {
        return None;
    }
    let script = absolute(applications::script_of(arguments)?, directory);
    Some(Said {
        name: format!("{} {}", fleet_wide(executable), fleet_wide(&script)),
        script: Some(script),
    })
}

/// What is behind an interpreter called `name`; `None` when it is none, or its arguments name nothing.
fn interpreted(name: &str, arguments: &[String], directory: Option<&str>) -> Option<Said> {
    let (interpreter, shown) = interpreters::find(name)?;
    if shown == "java"
        && let Some(product) = applications::jetbrains(arguments)
    {
        return Some(Said {
            name: format!("java com.intellij.idea.Main ({product})"),
            script: Some("com.intellij.idea.Main".to_owned()),
        });
    }
    // How Python begins a process of its own kind: the code says nothing, and the parent is who it works for.
    if interpreter.major
        && arguments
            .last()
            .is_some_and(|last| last == "--multiprocessing-fork")
    {
        return Some(named(&shown, "-m", "multiprocessing.spawn"));
    }
    Some(match interpreter.subject(arguments)? {
        Subject::File(file, rest) => {
            let script = absolute(file, directory);
            if let Some(inner) = wrappers::inner(&script, rest, |inner| {
                interpreted(file_name(&script), inner, directory)
            }) {
                return Some(inner);
            }
            let path = fleet_wide(&script);
            let name = if is_entry_point(&script) {
                path
            } else {
                format!("{shown} {path}")
            };
            Said {
                name,
                script: Some(script),
            }
        }
        Subject::Named(option, target) => named(&shown, option, &without_secrets(target)),
        Subject::Inline(option) => Said {
            name: format!("{shown} {option}"),
            script: None,
        },
    })
}

fn named(interpreter: &str, option: &str, target: &str) -> Said {
    let name = if option.is_empty() {
        format!("{interpreter} {target}")
    } else {
        format!("{interpreter} {option} {target}")
    };
    Said {
        name,
        script: Some(target.to_owned()),
    }
}

/// A file that is run like an executable: in a directory of executables, and called like one. People say `llm`, whatever
/// it is written in.
fn is_entry_point(script: &str) -> bool {
    let path = Path::new(script);
    let directory = path.parent().and_then(Path::file_name);
    let is_among_executables = directory.is_some_and(|directory| {
        ["bin", "sbin", ".bin", "libexec"]
            .iter()
            .any(|known| directory == *known)
    });
    // `pip3.11` has no ending, `bot.py` has.
    let has_ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ending.starts_with(|first: char| first.is_ascii_alphabetic()));
    script.starts_with('/') && is_among_executables && !has_ending
}

/// Addresses of scripts may carry credentials, in front of the host or behind a `?`.
fn without_secrets(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else {
        return target
            .split_once(':')
            .filter(|(scheme, _)| *scheme == "data")
            .map_or_else(|| target.to_owned(), |_| "data:".to_owned());
    };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, path) = rest
        .split_once('/')
        .map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(
        || format!("{scheme}://{host}"),
        |path| format!("{scheme}://{host}/{path}"),
    )
}

/// `path` as seen from `directory`, without `.` and `..`. A relative path stays when no directory is known.
pub(super) fn absolute(path: &str, directory: Option<&str>) -> String {
    let joined = directory.map_or_else(
        || PathBuf::from(path),
        |directory| Path::new(directory).join(path),
    );
    let mut clean = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            // The root's parent is the root.
            Component::ParentDir if clean.has_root() => {}
            other => clean.push(other),
        }
    }
    clean.to_string_lossy().into_owned()
}

/// The script that the kernel started an interpreter for, of which nothing else need be known.
fn started_for(image: &Image) -> Option<Said> {
    let given = image.given.as_deref().filter(|_| image.is_script)?;
    // A name of fexecve(3), which means nothing to others.
    if given.starts_with("/dev/fd/") {
        return None;
    }
    let script = absolute(given, image.directory.as_deref());
    let path = fleet_wide(&script);
    let name = match &image.executable {
        Some(executable) if !is_entry_point(&script) => format!("{} {path}", file_name(executable)),
        _ => path,
    };
    Some(Said {
        name,
        script: Some(script),
    })
}

#[cfg(test)]
mod tests;
