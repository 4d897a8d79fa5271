//! Checks `vendors/*.toml` and packs them into one JSON document, so that the agent starts without parsing TOML.
#![allow(
    dead_code,
    reason = "the modules are the crate's own; the build script needs only the parser of them"
)]
#![allow(unreachable_pub, reason = "likewise")]

use std::{env, fs, path::Path, process::ExitCode};

#[path = "src/error.rs"]
mod error;
#[path = "src/fact.rs"]
mod fact;
#[path = "src/host.rs"]
mod host;
#[path = "src/kind.rs"]
mod kind;
#[path = "src/source.rs"]
mod source;
#[path = "src/vendor.rs"]
mod vendor;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=vendors");
    match pack(Path::new("vendors")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn pack(folder: &Path) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("cannot list catalog/vendors: {error}"))?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut vendors = Vec::new();
    for path in files {
        let file = format!("catalog/{}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| format!("cannot read {file}: {error}"))?;
        vendors.push(source::vendor(&file, &text).map_err(|error| error.to_string())?);
    }
    let json = serde_json::to_string(&vendors).map_err(|error| error.to_string())?;
    let target = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&target).join("vendors.json"), json).map_err(|error| error.to_string())
}
