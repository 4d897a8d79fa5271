//! The interpreters.

use super::{First, Interpreter, Letters, Words};

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

pub(super) const INTERPRETERS: [Interpreter; 25] = [
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
