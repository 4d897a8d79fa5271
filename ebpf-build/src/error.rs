use std::path::PathBuf;

/// Why there is no object. Each is one sentence that ends in the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No Rust compiler with the source of `core` next to it.
    #[error(
        "no eBPF toolchain: run `cargo xtask setup` (needs a Rust with library source: rustup's {} with rust-src, \
         or Debian's rustc-web with rust-web-src)",
        crate::PINNED_NIGHTLY
    )]
    NoRust,
    /// No bpf-linker on `PATH` or in cargo's bin folder.
    #[error("no eBPF toolchain: run `cargo xtask setup` (needs bpf-linker on PATH or in ~/.cargo/bin)")]
    NoLinker,
    /// `UMBRA_EBPF_OBJECT` names something that is not a file.
    #[error("{} names {}, which is not a readable file: unset it or point it at a built kernel object", crate::OBJECT_ENV, path.display())]
    NoSuchObject {
        /// What the variable says.
        path: PathBuf,
    },
    /// cargo itself could not be started.
    #[error("cannot start {program} to build the kernel programs: {source}")]
    Start {
        /// The command.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The kernel programs have an error of their own.
    #[error("the kernel programs in {folder} do not build: see the messages above")]
    Compile {
        /// The crate's folder.
        folder: PathBuf,
    },
    /// cargo succeeded, and yet the object is not there.
    #[error("cargo built no {path}: is the binary in agent-ebpf/Cargo.toml still called umbra-agent-ebpf?")]
    NoObject {
        /// Where it should be.
        path: PathBuf,
    },
    /// What the linker wrote cannot be read, or not be written anew.
    #[error(
        "cannot take the debug information out of {path}: {why}: run `cargo xtask setup` for a linker that fits"
    )]
    Strip {
        /// The linker's object.
        path: PathBuf,
        /// What is in the way.
        why: String,
    },
}
