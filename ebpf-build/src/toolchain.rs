//! Finding a compiler and a linker that agree with each other.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The LLVM that `cargo xtask setup` builds bpf-linker with. A linker cannot read bitcode of a newer LLVM than
/// its own, so a compiler counts only when its LLVM is not newer than this.
pub const LLVM_MAJOR: u32 = 22;

/// The nightly that setup installs; later ones move on to an LLVM that [`LLVM_MAJOR`] cannot read.
pub const PINNED_NIGHTLY: &str = "nightly-2026-05-20";

/// Debian's compiler for its browsers (package `rustc-web`): not rustup's, hence the full path.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A Rust compiler that has the source of `core` beside it, which `bpfel-unknown-none` needs because nobody
/// ships that library ready-made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rust {
    /// `rustup run NAME`.
    Rustup(String),
    /// A stable compiler outside rustup, told by `RUSTC_BOOTSTRAP` to accept `-Z build-std`.
    Path(PathBuf),
}

impl Rust {
    /// The first usable of: the pinned nightly, the user's own nightly, Debian's.
    ///
    /// # Errors
    /// [`Error::NoRust`] when none has both the library source and an LLVM that the linker can read.
    pub fn find() -> Result<Self, Error> {
        [
            Self::Rustup(PINNED_NIGHTLY.to_owned()),
            Self::Rustup("nightly".to_owned()),
            Self::Path(DEBIAN_RUSTC.into()),
        ]
        .into_iter()
        .find(Self::is_usable)
        .ok_or(Error::NoRust)
    }

    /// A `cargo` that builds with this compiler.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Rustup(toolchain) => rustup_run(toolchain, "cargo"),
            Self::Path(rustc) => {
                // Inside a build script `CARGO` is the cargo that runs it; elsewhere the one on PATH will do.
                let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                cargo.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
                cargo
            }
        }
    }

    fn is_usable(&self) -> bool {
        let answer = |flag: &[&str]| {
            let mut rustc = match self {
                Self::Rustup(toolchain) => rustup_run(toolchain, "rustc"),
                Self::Path(rustc) => Command::new(rustc),
            };
            let output = rustc
                .args(flag)
                .output()
                .ok()
                .filter(|output| output.status.success())?;
            String::from_utf8(output.stdout).ok()
        };
        let has_source = answer(&["--print", "sysroot"]).is_some_and(|root| {
            Path::new(root.trim())
                .join("lib/rustlib/src/rust/library")
                .is_dir()
        });
        has_source
            && answer(&["-vV"])
                .as_deref()
                .and_then(llvm_major)
                .is_some_and(|llvm| llvm <= LLVM_MAJOR)
    }
}

/// Where bpf-linker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linker(pub PathBuf);

impl Linker {
    /// Looks on `PATH`, then where `cargo install` puts things.
    ///
    /// # Errors
    /// [`Error::NoLinker`].
    pub fn find() -> Result<Self, Error> {
        let path = env::var_os("PATH").unwrap_or_default();
        let cargo_home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
        env::split_paths(&path)
            .chain(cargo_home.map(|home| home.join("bin")))
            .map(|folder| folder.join("bpf-linker"))
            .find(|candidate| candidate.is_file())
            .map(Self)
            .ok_or(Error::NoLinker)
    }
}

/// Everything that building the kernel half takes.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// The compiler.
    pub rust: Rust,
    /// The linker.
    pub linker: Linker,
}

impl Toolchain {
    /// Finds both parts.
    ///
    /// # Errors
    /// Names the first part that is missing.
    pub fn find() -> Result<Self, Error> {
        Ok(Self {
            linker: Linker::find()?,
            rust: Rust::find()?,
        })
    }
}

fn rustup_run(toolchain: &str, program: &str) -> Command {
    let mut rustup = Command::new("rustup");
    // Looking must not install: that is setup's work, which says so.
    rustup
        .args(["run", toolchain, program])
        .env("RUSTUP_AUTO_INSTALL", "0");
    rustup
}

/// The LLVM major version in the answer of `rustc -vV`.
pub(crate) fn llvm_major(version: &str) -> Option<u32> {
    let llvm = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    llvm.split('.').next()?.trim().parse().ok()
}
