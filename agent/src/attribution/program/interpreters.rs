//! How interpreters are called: where in the arguments the script, the module or the main class stands.

use std::path::Path;

/// What an interpreter runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A file.
    File(&'a str),
    /// A module or class, and the flag before it (may be empty).
    Named(&'a str, &'a str),
    /// Code in the arguments, behind this flag: its text is content, and left out.
    Inline(&'a str),
}

/// One interpreter's way with arguments.
struct Interpreter {
    /// Names of its executable, without version numbers.
    names: &'static [&'static str],
    /// Verbs that may stand before the script, such as `run`.
    verbs: &'static [&'static str],
    /// Flags whose next argument is code.
    inline: &'static [&'static str],
    /// Flags whose next argument is a module or class.
    named: &'static [&'static str],
    /// Flags whose next argument is a file to run.
    file: &'static [&'static str],
    /// Flags that take an argument of another kind.
    valued: &'static [&'static str],
    /// Whether the first argument that is no flag is a class unless it looks like a file.
    classes: bool,
}

const PLAIN: Interpreter = Interpreter {
    names: &[],
    verbs: &[],
    inline: &[],
    named: &[],
    file: &[],
    valued: &[],
    classes: false,
};

const INTERPRETERS: [Interpreter; 10] = [
    Interpreter {
        names: &["python", "pypy"],
        inline: &["-c"],
        named: &["-m"],
        valued: &["-W", "-X", "--check-hash-based-pycs"],
        ..PLAIN
    },
    Interpreter {
        names: &["node", "nodejs"],
        inline: &["-e", "--eval", "-p", "--print", "-pe"],
        valued: &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "--experimental-loader",
            "-C",
            "--conditions",
        ],
        ..PLAIN
    },
    Interpreter {
        names: &["deno"],
        verbs: &["run", "serve"],
        inline: &["eval"],
        valued: &["-c", "--config", "--import-map", "--lock"],
        ..PLAIN
    },
    Interpreter {
        names: &["bun"],
        verbs: &["run", "x"],
        inline: &["-e", "--eval", "-p", "--print"],
        valued: &["-r", "--preload", "--cwd", "-c", "--config"],
        ..PLAIN
    },
    Interpreter {
        names: &["ruby"],
        inline: &["-e"],
        valued: &["-r", "-I", "-C", "-E"],
        ..PLAIN
    },
    Interpreter {
        names: &["perl"],
        inline: &["-e", "-E"],
        valued: &["-I"],
        ..PLAIN
    },
    Interpreter {
        names: &["php"],
        inline: &["-r"],
        file: &["-f"],
        valued: &["-c", "-d", "-z"],
        ..PLAIN
    },
    Interpreter {
        names: &["bash", "sh", "dash", "zsh", "ksh", "fish"],
        inline: &["-c"],
        valued: &["-o", "-O", "--rcfile", "--init-file"],
        ..PLAIN
    },
    Interpreter {
        names: &["java"],
        file: &["-jar"],
        named: &["-m", "--module"],
        valued: &[
            "-cp",
            "-classpath",
            "--class-path",
            "-p",
            "--module-path",
            "--add-modules",
            "--source",
        ],
        classes: true,
        ..PLAIN
    },
    Interpreter {
        names: &["dotnet"],
        verbs: &["exec"],
        valued: &[
            "--runtimeconfig",
            "--depsfile",
            "--fx-version",
            "--additionalprobingpath",
        ],
        ..PLAIN
    },
];

/// The interpreter's name without its minor version, and what it runs; `None` when `executable` is no interpreter, or
/// runs nothing that its arguments name.
pub(super) fn subject<'a>(executable: &str, arguments: &'a [String]) -> Option<(String, Subject<'a>)> {
    let plain = executable.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    let interpreter = INTERPRETERS.iter().find(|known| known.names.contains(&plain))?;
    // `python3.11` is `python3`; `node20` stays what it is called.
    let shown = executable.split_once('.').map_or(executable, |(major, _)| major);
    interpreter
        .subject(arguments.get(1..)?)
        .map(|subject| (shown.to_owned(), subject))
}

impl Interpreter {
    fn subject<'a>(&self, arguments: &'a [String]) -> Option<Subject<'a>> {
        let mut rest = arguments.iter().map(String::as_str);
        let mut verbs = true;
        while let Some(argument) = rest.next() {
            if self.inline.contains(&argument) {
                return Some(Subject::Inline(argument));
            } else if self.named.contains(&argument) {
                return Some(Subject::Named(argument, rest.next()?));
            } else if self.file.contains(&argument) {
                return Some(Subject::File(rest.next()?));
            } else if self.valued.contains(&argument) {
                rest.next();
            } else if argument == "--" {
                return rest.next().map(|file| self.first(file));
            } else if argument.len() > 1 && argument.starts_with('-') {
                if let Some(inline) = self.bundled_inline(argument) {
                    return Some(inline);
                }
            } else if argument == "-" {
                return Some(Subject::Inline(argument));
            } else if std::mem::take(&mut verbs) && self.verbs.contains(&argument) {
                // The script comes behind.
            } else {
                return Some(self.first(argument));
            }
        }
        None
    }

    /// Single letters may be written together: `bash -lc`, `perl -ne`. The one that takes code is the last.
    fn bundled_inline<'a>(&self, argument: &'a str) -> Option<Subject<'a>> {
        let letters = argument
            .strip_prefix('-')
            .filter(|letters| !letters.starts_with('-'))?;
        let bundles = ["perl", "ruby", "bash", "python"]
            .iter()
            .any(|name| self.names.contains(name));
        let last = letters.chars().next_back()?;
        let takes_code = self
            .inline
            .iter()
            .any(|flag| flag.strip_prefix('-').is_some_and(|flag| flag.chars().eq([last])));
        (bundles && takes_code).then_some(Subject::Inline(argument))
    }

    fn first<'a>(&self, argument: &'a str) -> Subject<'a> {
        let is_class = self.classes
            && !argument.contains('/')
            && Path::new(argument)
                .extension()
                .is_none_or(|extension| extension != "java");
        if is_class {
            Subject::Named("", argument)
        } else {
            Subject::File(argument)
        }
    }
}
