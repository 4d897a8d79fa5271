//! Builds the kernel programs and hands their object to `env!("UMBRA_EBPF_OBJECT_PATH")`.

use std::env;
use std::path::{Path, PathBuf};

/// What the object is made of; not whole folders, because a build by hand leaves its products there.
const SOURCES: [&str; 6] = [
    "../agent-ebpf/src",
    "../agent-ebpf/Cargo.toml",
    "../agent-ebpf/Cargo.lock",
    "../agent-common/src",
    "../agent-common/Cargo.toml",
    "build.rs",
];

fn main() {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed={}", umbra_ebpf_build::OBJECT_ENV);

    // Asked at run time: two checkouts may share a target folder, and with it this program.
    let here = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR for build scripts");
    let folder = Path::new(&here).join("../agent-ebpf");
    let mut warn = |line: &str| println!("cargo::warning={line}");
    match umbra_ebpf_build::build(&folder, &target_dir(), &mut warn) {
        Ok(object) => println!("cargo::rustc-env=UMBRA_EBPF_OBJECT_PATH={}", object.display()),
        // Not a panic: whoever lacks the toolchain gets the sentence and nothing else.
        Err(error) => println!("cargo::error={error}"),
    }
}

/// `target/ebpf`: one for all profiles, so that debug and release share the same object.
fn target_dir() -> PathBuf {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let target = out
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.unwrap_or(&out).join("ebpf")
}
