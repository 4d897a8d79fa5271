//! Interpreters: what they are called, and which of their options are followed by what.

mod table;

use table::INTERPRETERS;

/// One interpreter's way with arguments. All but the first fields are empty for what it does not have.
pub(super) struct Interpreter {
    /// Names of its executable, without version numbers; the first is how it is shown.
    pub names: &'static [&'static str],
    /// The first number of its version is part of its name: `python3`.
    pub major: bool,
    /// A shell, whose options of one letter have manners of their own.
    pub is_shell: bool,
    /// How code in the arguments is shown.
    pub inline: &'static str,
    /// Verbs that may stand before the script, such as `run`.
    pub verbs: &'static [&'static str],
    /// Options of one letter, in the manner of getopt(3): several in one argument, the value in the same or the next one.
    pub letters: Letters,
    /// Options that are words.
    pub words: Words,
    /// What the first argument is that is no option.
    pub first: First,
}

/// Letters by what follows them.
pub(super) struct Letters {
    /// Code: its text is content.
    pub code: &'static str,
    /// The name of a module or class.
    pub named: &'static str,
    /// A file to run.
    pub file: &'static str,
    /// Something else.
    pub value: &'static str,
    /// Something else, in the same argument or not at all.
    pub attached: &'static str,
}

/// Words by what follows them, in the next argument or behind `=`.
pub(super) struct Words {
    pub code: &'static [&'static str],
    pub named: &'static [&'static str],
    pub file: &'static [&'static str],
    pub value: &'static [&'static str],
}

/// What the first argument is that is no option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A file.
    File,
    /// A file, the address of one, or a name that the interpreter knows what to do with.
    Target,
    /// A class, unless it looks like a source file.
    Class,
    /// An assembly, else nothing that runs here.
    Assembly,
    /// An argument of what runs already.
    Nothing,
}

/// The interpreter whose executable is called `name`, and how it is shown: `python3.11` is `python3`, `ruby3.1` is `ruby`.
pub(super) fn find(name: &str) -> Option<(&'static Interpreter, String)> {
    INTERPRETERS.iter().find_map(|known| {
        let version = known.names.iter().find_map(|plain| {
            name.strip_prefix(plain)
                .filter(|rest| is_version(rest, known.major))
        })?;
        let major = version
            .split(|character: char| !character.is_ascii_digit())
            .next();
        let shown = known.names.iter().find(|plain| name.starts_with(**plain))?;
        let major = major.filter(|_| known.major).unwrap_or_default();
        Some((known, format!("{shown}{major}")))
    })
}

/// How an executable called `name` is shown, if it is an interpreter with a version in its name.
pub(super) fn shown(name: &str) -> Option<String> {
    let (_, shown) = find(name)?;
    (shown != name).then_some(shown)
}

/// What may stand behind an interpreter's name: nothing, `3.11`, `3.13t` (free-threaded), `3.11-dbg`, and Perl's
/// `5.36-x86_64-linux-gnu`. A number without a dot is a version of Python alone: `sh2` may be anything.
fn is_version(rest: &str, has_major: bool) -> bool {
    let kind = rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let number = &rest[..rest.len() - kind.len()];
    let is_number = number.starts_with(|first: char| first.is_ascii_digit())
        && !number.ends_with('.')
        && (number.contains('.') || (has_major && number.len() == 1));
    rest.is_empty()
        || (is_number && matches!(kind, "" | "t" | "d" | "m" | "td" | "-dbg"))
        || (is_number && kind.starts_with('-') && kind.contains("-linux-"))
}
