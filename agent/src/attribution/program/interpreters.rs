//! Interpreters: what they are called, and which of their options are followed by what.

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

const NO_LETTERS: Letters = Letters {
    code: "",
    named: "",
    file: "",
    value: "",
    attached: "",
};

const NO_WORDS: Words = Words {
    code: &[],
    named: &[],
    file: &[],
    value: &[],
};

const PLAIN: Interpreter = Interpreter {
    names: &[],
    major: false,
    is_shell: false,
    inline: "-e",
    verbs: &[],
    letters: NO_LETTERS,
    words: NO_WORDS,
    first: First::File,
};

const PYTHON: Interpreter = Interpreter {
    names: &["python"],
    major: true,
    inline: "-c",
    letters: Letters {
        code: "c",
        named: "m",
        value: "WX",
        ..NO_LETTERS
    },
    words: Words {
        value: &["--check-hash-based-pycs"],
        ..NO_WORDS
    },
    ..PLAIN
};

const SHELL: Interpreter = Interpreter {
    is_shell: true,
    inline: "-c",
    letters: Letters {
        code: "c",
        value: "oO",
        ..NO_LETTERS
    },
    words: Words {
        code: &["--command"],
        value: &["--rcfile", "--init-file", "--init-command"],
        ..NO_WORDS
    },
    ..PLAIN
};

const INTERPRETERS: [Interpreter; 25] = [
    PYTHON,
    Interpreter {
        names: &["pypy"],
        ..PYTHON
    },
    Interpreter {
        names: &["node", "nodejs"],
        words: Words {
            code: &["-e", "--eval", "-p", "--print", "-pe"],
            named: &["--run"],
            value: &[
                "-r",
                "--require",
                "--import",
                "--loader",
                "--experimental-loader",
                "-C",
                "--conditions",
                "--env-file",
                "--env-file-if-exists",
                "--input-type",
                "--title",
                "--dns-result-order",
                "--disable-warning",
                "--watch-path",
                "--icu-data-dir",
                "--openssl-config",
                "--tls-cipher-list",
            ],
            ..NO_WORDS
        },
        ..PLAIN
    },
    // What node runs, and what runs scripts in turn.
    Interpreter {
        names: &["ts-node", "ts-node-esm", "ts-node-script", "tsx"],
        verbs: &["watch"],
        words: Words {
            code: &["-e", "--eval", "-p", "--print", "-pe"],
            value: &[
                "-r",
                "--require",
                "--import",
                "-P",
                "--project",
                "--tsconfig",
                "-O",
                "--compiler-options",
                "--compilerOptions",
                "--cwd",
            ],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["deno"],
        inline: "eval",
        verbs: &["run", "serve", "task", "test", "bench", "x"],
        words: Words {
            code: &["eval"],
            value: &[
                "-c",
                "--config",
                "--import-map",
                "--lock",
                "--cert",
                "--location",
                "--cwd",
            ],
            ..NO_WORDS
        },
        first: First::Target,
        ..PLAIN
    },
    Interpreter {
        names: &["bun"],
        verbs: &["run", "x", "test"],
        words: Words {
            code: &["-e", "--eval", "-p", "--print"],
            value: &[
                "-r",
                "--preload",
                "--cwd",
                "-c",
                "--config",
                "--env-file",
                "--filter",
                "--install",
            ],
            ..NO_WORDS
        },
        first: First::Target,
        ..PLAIN
    },
    Interpreter {
        names: &["ruby"],
        letters: Letters {
            code: "e",
            named: "S",
            value: "rIEC",
            attached: "KTWFix",
            ..NO_LETTERS
        },
        words: Words {
            value: &["--encoding", "--external-encoding", "--internal-encoding"],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["perl"],
        letters: Letters {
            code: "eE",
            named: "S",
            value: "I",
            attached: "MmFidDCVx",
            ..NO_LETTERS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["php", "php-cgi", "php81", "php82", "php83", "php84", "php85"],
        inline: "-r",
        letters: Letters {
            code: "rBRE",
            file: "fF",
            value: "cdzSt",
            ..NO_LETTERS
        },
        words: Words {
            code: &["--run", "--process-code"],
            file: &["--file", "--process-file"],
            value: &["--php-ini", "--define", "--server", "--docroot"],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["bash"],
        ..SHELL
    },
    Interpreter {
        names: &["sh"],
        ..SHELL
    },
    Interpreter {
        names: &["dash"],
        ..SHELL
    },
    Interpreter {
        names: &["ash"],
        ..SHELL
    },
    Interpreter {
        names: &["zsh"],
        ..SHELL
    },
    Interpreter {
        names: &["ksh", "mksh"],
        ..SHELL
    },
    Interpreter {
        names: &["fish"],
        letters: Letters {
            code: "c",
            value: "Cdo",
            ..NO_LETTERS
        },
        ..SHELL
    },
    Interpreter {
        names: &["java"],
        words: Words {
            named: &["-m", "--module"],
            file: &["-jar"],
            value: &[
                "-cp",
                "-classpath",
                "--class-path",
                "-p",
                "--module-path",
                "--upgrade-module-path",
                "--add-modules",
                "--add-exports",
                "--add-opens",
                "--add-reads",
                "--limit-modules",
                "--patch-module",
                "--enable-native-access",
                "--source",
            ],
            ..NO_WORDS
        },
        first: First::Class,
        ..PLAIN
    },
    Interpreter {
        names: &["dotnet"],
        verbs: &["exec"],
        words: Words {
            value: &[
                "--runtimeconfig",
                "--depsfile",
                "--fx-version",
                "--additionalprobingpath",
                "--roll-forward",
            ],
            ..NO_WORDS
        },
        first: First::Assembly,
        ..PLAIN
    },
    Interpreter {
        names: &["mono", "mono-sgen"],
        words: Words {
            value: &["--config"],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["lua"],
        letters: Letters {
            code: "e",
            value: "l",
            ..NO_LETTERS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["luajit"],
        letters: Letters {
            code: "e",
            value: "l",
            attached: "jOb",
            ..NO_LETTERS
        },
        ..PLAIN
    },
    // Rscript executes it with `--file=`.
    Interpreter {
        names: &["R"],
        words: Words {
            code: &["-e"],
            file: &["-f", "--file"],
            value: &["-g", "--gui", "-d", "--debugger"],
            ..NO_WORDS
        },
        first: First::Nothing,
        ..PLAIN
    },
    Interpreter {
        names: &["pwsh"],
        inline: "-Command",
        words: Words {
            code: &[
                "-Command",
                "-c",
                "-EncodedCommand",
                "-e",
                "-ec",
                "-CommandWithArgs",
                "-cwa",
            ],
            file: &["-File", "-f"],
            value: &[
                "-ExecutionPolicy",
                "-ep",
                "-ex",
                "-WorkingDirectory",
                "-wd",
                "-wo",
                "-OutputFormat",
                "-o",
                "-of",
                "-InputFormat",
                "-inp",
                "-if",
                "-ConfigurationName",
                "-config",
                "-ConfigurationFile",
                "-SettingsFile",
                "-settings",
                "-CustomPipeName",
                "-WindowStyle",
                "-w",
                "-Version",
                "-v",
            ],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["julia"],
        letters: Letters {
            code: "eE",
            value: "JtpHLC",
            attached: "gO",
            ..NO_LETTERS
        },
        words: Words {
            code: &["--eval", "--print"],
            value: &[
                "--load",
                "--sysimage",
                "--threads",
                "--procs",
                "--machine-file",
                "--home",
                "--cpu-target",
            ],
            ..NO_WORDS
        },
        ..PLAIN
    },
    Interpreter {
        names: &["tclsh", "wish", "expect"],
        inline: "-c",
        letters: Letters {
            code: "c",
            file: "f",
            ..NO_LETTERS
        },
        ..PLAIN
    },
];

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
