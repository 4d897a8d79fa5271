use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::{env, fs};

use crate::{Error, Toolchain, strip};

/// Names a ready-made kernel object, so that a machine without an eBPF toolchain can build the agent.
pub const OBJECT_ENV: &str = "UMBRA_EBPF_OBJECT";

const TARGET: &str = "bpfel-unknown-none";
const BINARY: &str = "umbra-agent-ebpf";

/// Builds the crate in `folder` and returns its object, without debug information; `warn` gets the compiler's messages line by line, also when it
/// fails. All products stay in `target_dir`, which must not be the one of the cargo that is waiting for us: that one
/// is locked.
///
/// # Errors
/// One sentence on what is missing or wrong, see [`Error`].
pub fn build(folder: &Path, target_dir: &Path, warn: &mut dyn FnMut(&str)) -> Result<PathBuf, Error> {
    if let Some(path) = env::var_os(OBJECT_ENV).map(PathBuf::from) {
        return path
            .canonicalize()
            .ok()
            .filter(|file| file.is_file())
            .ok_or(Error::NoSuchObject { path });
    }
    let toolchain = Toolchain::find()?;
    let mut cargo = toolchain.rust.cargo();
    forget_outer_cargo(&mut cargo);
    cargo
        .current_dir(folder)
        .args([
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "-Z",
            "build-std=core",
        ])
        .arg("--target-dir")
        .arg(target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(&toolchain));
    let output = cargo.output().map_err(|source| Error::Start {
        program: cargo.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    String::from_utf8_lossy(&output.stderr).lines().for_each(warn);
    if !output.status.success() {
        return Err(Error::Compile {
            folder: folder.to_owned(),
        });
    }
    let linked = target_dir.join(TARGET).join("release").join(BINARY);
    if !linked.is_file() {
        return Err(Error::NoObject { path: linked });
    }
    let stripped = linked.with_extension("o");
    strip(&linked, &stripped)?;
    Ok(stripped)
}

fn strip(linked: &Path, stripped: &Path) -> Result<(), Error> {
    let unusable = |why: String| Error::Strip {
        path: linked.to_owned(),
        why,
    };
    let object = fs::read(linked).map_err(|error| unusable(error.to_string()))?;
    let object = strip::debug_information(&object).map_err(|error| unusable(error.to_string()))?;
    // Two builds may be at it: whoever reads has one of the two whole.
    let unfinished = stripped.with_extension(format!("o.{}", process::id()));
    fs::write(&unfinished, object)
        .and_then(|()| fs::rename(&unfinished, stripped))
        .map_err(|error| unusable(error.to_string()))
}

/// BTF, which names the maps and the programs to the kernel, is made by the linker from the debug information.
fn rustflags(toolchain: &Toolchain) -> String {
    [
        format!("-Clinker={}", toolchain.linker.0.display()),
        "-Cdebuginfo=2".to_owned(),
        "-Clink-arg=--btf".to_owned(),
        // aya-ebpf picks the layout of the CPU's registers by it.
        format!("--cfg=bpf_target_arch=\"{}\"", env::consts::ARCH),
    ]
    .join("\x1f")
}

/// Inside a build script cargo has set variables that belong to the outer build: its compiler, flags and folders.
fn forget_outer_cargo(cargo: &mut Command) {
    let ours: Vec<_> = cargo.get_envs().map(|(name, _)| name.to_owned()).collect();
    for name in [
        "CARGO_BUILD_RUSTC",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_TARGET_DIR",
        "RUSTC",
        "RUSTC_BOOTSTRAP",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
        "RUSTUP_TOOLCHAIN",
    ] {
        if !ours.iter().any(|set| set == name) {
            cargo.env_remove(name);
        }
    }
}
