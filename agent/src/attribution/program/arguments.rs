//! Which argument of an interpreter is what it runs.

use std::path::Path;

use super::interpreters::{First, Interpreter, Words};

/// What an interpreter runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A file; the arguments from it on.
    File(&'a str, &'a [String]),
    /// A module, class, or other name, and the option or verb before it (may be empty).
    Named(&'a str, &'a str),
    /// Code in the arguments or on standard input (`-`): its text is content, and left out.
    Inline(&'a str),
}

/// What an option is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Named,
    File,
    Value,
}

/// An option: what it is followed by, and that, when it is in the same argument.
type Found<'a> = (Kind, Option<&'a str>);

impl Interpreter {
    /// What `arguments`, the first of which is the interpreter's own name, make it run; `None` when they name nothing.
    pub(super) fn subject<'a>(&self, arguments: &'a [String]) -> Option<Subject<'a>> {
        let mut verb = "";
        // Java's @FILE holds arguments, and may hold the main class.
        let mut unseen = false;
        let mut at = 1;
        while let Some(argument) = arguments.get(at) {
            at += 1;
            if argument == "--" {
                return self.first(arguments, at, verb, unseen);
            }
            if argument == "-" {
                return Some(Subject::Inline("-"));
            }
            if self.first == First::Class && argument.starts_with('@') {
                unseen = true;
                continue;
            }
            if let Some((kind, value)) = self.option(argument) {
                if kind == Kind::Code {
                    return Some(Subject::Inline(self.inline));
                }
                let (value, rest) = match value {
                    Some(value) => (value, at),
                    None => (arguments.get(at)?.as_str(), at + 1),
                };
                let option = argument
                    .split_once('=')
                    .map_or(argument.as_str(), |(option, _)| option);
                match kind {
                    Kind::Named => return Some(Subject::Named(shown_option(option, self), value)),
                    Kind::File => return Some(Subject::File(value, &arguments[rest..])),
                    Kind::Code | Kind::Value => at = rest,
                }
                continue;
            }
            if argument.starts_with('-') || (argument.starts_with('+') && self.is_shell) {
                if self.is_shell
                    && argument.starts_with('-')
                    && !argument.starts_with("--")
                    && argument.contains('s')
                {
                    return Some(Subject::Inline("-"));
                }
                continue;
            }
            if verb.is_empty() && self.verbs.contains(&argument.as_str()) {
                verb = argument;
                continue;
            }
            return self.first(arguments, at - 1, verb, unseen);
        }
        None
    }

    /// What `argument` is followed by; `None` when it stands alone, or is no option.
    fn option<'a>(&self, argument: &'a str) -> Option<Found<'a>> {
        let (word, value) = match argument.split_once('=') {
            Some((word, value)) if argument.starts_with("--") => (word, Some(value)),
            _ => (argument, None),
        };
        if let Some(kind) = self.words.kind(word, self.names.contains(&"pwsh")) {
            return Some((kind, value));
        }
        let letters = argument.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
        for (at, letter) in letters.char_indices() {
            let kind = [
                (self.letters.code, Kind::Code),
                (self.letters.named, Kind::Named),
                (self.letters.file, Kind::File),
                (self.letters.value, Kind::Value),
            ]
            .into_iter()
            .find_map(|(known, kind)| known.contains(letter).then_some(kind));
            let rest = &letters[at + letter.len_utf8()..];
            if let Some(kind) = kind {
                // A shell takes the value of `-o` from the next argument also in `-eou`.
                let value = Some(rest).filter(|rest| !rest.is_empty() && !self.is_shell);
                if self.is_shell && kind == Kind::Value && rest.contains('c') {
                    return Some((Kind::Code, None));
                }
                return Some((kind, value));
            }
            if self.letters.attached.contains(letter) {
                return None;
            }
        }
        None
    }

    /// The argument at `at`, which is no option.
    fn first<'a>(
        &self,
        arguments: &'a [String],
        at: usize,
        verb: &'a str,
        unseen: bool,
    ) -> Option<Subject<'a>> {
        let argument = arguments.get(at)?.as_str();
        let file = Subject::File(argument, &arguments[at + 1..]);
        let ends_with = |endings: &[&str]| {
            Path::new(argument)
                .extension()
                .is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
        };
        match self.first {
            First::File => Some(file),
            First::Target => {
                let is_address = argument.contains("://")
                    || ["npm:", "jsr:", "data:"]
                        .iter()
                        .any(|scheme| argument.starts_with(scheme));
                let is_path = argument.contains('/') || argument.contains('.');
                Some(if is_address || !is_path || matches!(verb, "x" | "task") {
                    Subject::Named(verb, argument)
                } else {
                    file
                })
            }
            First::Class if argument.contains('/') || ends_with(&["java"]) => Some(file),
            // Behind arguments that are not known, only what looks like a class is one.
            First::Class if unseen && !is_qualified(argument) => None,
            First::Class => Some(Subject::Named("", argument)),
            First::Assembly => ends_with(&["dll", "exe"]).then_some(file),
            First::Nothing => None,
        }
    }
}

impl Words {
    fn kind(&self, word: &str, any_case: bool) -> Option<Kind> {
        let has = |words: &[&str]| {
            words
                .iter()
                .any(|known| *known == word || (any_case && known.eq_ignore_ascii_case(word)))
        };
        [
            (self.code, Kind::Code),
            (self.named, Kind::Named),
            (self.file, Kind::File),
            (self.value, Kind::Value),
        ]
        .into_iter()
        .find_map(|(words, kind)| has(words).then_some(kind))
    }
}

/// `-Im pip` and `-mpip` are `-m pip`; `--module x` is `-m x`.
fn shown_option<'a>(option: &'a str, interpreter: &Interpreter) -> &'a str {
    match option {
        "--module" => "-m",
        _ if option.starts_with("--") => option,
        _ => match interpreter.letters.named {
            "m" => "-m",
            "S" => "-S",
            _ => option,
        },
    }
}

/// `com.example.Main`.
fn is_qualified(class: &str) -> bool {
    class.contains('.')
        && class
            .split('.')
            .all(|part| part.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$')))
}
