//! What a person would say ran: the executable, or the script or module behind an interpreter.

mod interpreters;
mod paths;

use umbra_report::Program;

use super::image::Image;
use interpreters::{Subject, subject};
use paths::{absolute, file_name, fleet_wide};

/// Stands for a program of which nothing is known.
pub(super) const UNKNOWN: &str = "unknown";

/// The program of `image`.
///
/// `name` is the fleet-wide identity: `/usr/bin/curl`, `python3 ~/bots/slack.py`, `python3 -m http.server`, `node -e`.
pub(super) fn of(image: &Image) -> Program {
    let Some(executable) = &image.executable else {
        let called = image.arguments.first().map_or(UNKNOWN, String::as_str);
        return Program {
            name: called.to_owned(),
            exe: None,
            script: None,
            ..Program::default()
        };
    };
    let exe = Some(executable.clone());
    match subject(file_name(executable), &image.arguments) {
        Some((interpreter, Subject::File(file))) => {
            let script = absolute(file, image.directory.as_deref());
            let name = format!("{interpreter} {}", fleet_wide(&script));
            Program {
                name,
                exe,
                script: Some(script),
                ..Program::default()
            }
        }
        Some((interpreter, Subject::Named(flag, module))) => {
            let name = if flag.is_empty() {
                format!("{interpreter} {module}")
            } else {
                format!("{interpreter} {flag} {module}")
            };
            Program {
                name,
                exe,
                script: Some(module.to_owned()),
                ..Program::default()
            }
        }
        Some((interpreter, Subject::Inline(flag))) => Program {
            name: format!("{interpreter} {flag}"),
            exe,
            script: None,
            ..Program::default()
        },
        None => {
            let script = interpreted(image);
            let name = match &script {
                Some(script) => format!("{} {}", file_name(executable), fleet_wide(script)),
                None => fleet_wide(executable),
            };
            Program {
                name,
                exe,
                script,
                ..Program::default()
            }
        }
    }
}

/// The script that the kernel started an interpreter for, of which nothing else need be known.
fn interpreted(image: &Image) -> Option<String> {
    let given = image.interpreted.as_deref()?;
    // A name of fexecve(3), which means nothing to others.
    (!given.starts_with("/dev/fd/")).then(|| absolute(given, image.directory.as_deref()))
}

#[cfg(test)]
mod tests;
