//! Seeing whether a thing is there, without installing or starting anything.

use std::path::Path;
use std::process::Command;

use umbra_ebpf_build::{Linker, Rust};

use crate::{shell, workspace};

/// Where distributions put virtiofsd, which they keep off `PATH`.
pub(crate) const VIRTIOFSD: &[&str] = &[
    "/usr/libexec/virtiofsd",
    "/usr/lib/qemu/virtiofsd",
    "/usr/bin/virtiofsd",
];

/// Where distributions put the programs of `PostgreSQL`, by version.
pub(crate) const INITDB: &[&str] = &[
    "/usr/lib/postgresql/13/bin/initdb",
    "/usr/lib/postgresql/14/bin/initdb",
    "/usr/lib/postgresql/15/bin/initdb",
    "/usr/lib/postgresql/16/bin/initdb",
    "/usr/lib/postgresql/17/bin/initdb",
    "/usr/lib/postgresql/18/bin/initdb",
    "/usr/bin/initdb",
];

/// How to see that a thing is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// A program on `PATH` or in an `sbin` folder.
    Command(&'static str),
    /// One of these files.
    File(&'static [&'static str]),
    /// A Debian package, where the program alone does not tell (`busybox` may be linked dynamically).
    Package(&'static str),
    /// Modules that python3 has, as its `import` takes them.
    Python(&'static str),
    /// A Rust that can build the kernel programs.
    Rust,
    /// bpf-linker.
    Linker,
    /// A subcommand of cargo's, which may lie off `PATH`.
    Subcommand(&'static str),
}

impl Check {
    /// Whether the thing is on this machine.
    pub(crate) fn passes(self) -> bool {
        match self {
            Self::Command(name) => shell::find_program(name).is_some(),
            Self::File(paths) => paths.iter().any(|path| Path::new(path).is_file()),
            Self::Package(name) => {
                let mut dpkg = Command::new("dpkg-query");
                shell::answer(dpkg.args(["--show", "--showformat=${db:Status-Status}", name]))
                    .is_some_and(|status| status == "installed")
            }
            Self::Python(modules) => {
                let mut python = Command::new("python3");
                shell::answer(python.args(["-c", &format!("import {modules}")])).is_some()
            }
            Self::Rust => Rust::find().is_ok(),
            Self::Linker => Linker::find().is_ok(),
            Self::Subcommand(name) => shell::answer(workspace::cargo().args([name, "--version"])).is_some(),
        }
    }
}
