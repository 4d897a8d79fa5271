//! What this machine has: where the binaries are, how slow it is, who we are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use std::{env, fs};

/// Folder of `umbra-agent`, `umbra-collector` and `umbra-testbed`: `UMBRA_BIN_DIR`, else where cargo put this test.
pub fn binaries() -> PathBuf {
    if let Some(dir) = env::var_os("UMBRA_BIN_DIR") {
        return dir.into();
    }
    let test = env::current_exe().expect("a test knows its own path");
    // target/debug/deps/system-0123456789abcdef
    test.parent()
        .and_then(Path::parent)
        .expect("cargo puts tests below target/")
        .to_owned()
}

/// Path of one of our own binaries.
pub fn binary(name: &str) -> Result<PathBuf, String> {
    let path = binaries().join(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!(
            "{} is not there: build it, or set UMBRA_BIN_DIR",
            path.display()
        ))
    }
}

/// Folder of the clients that tests build or install: `UMBRA_TESTBED_DIR`, else `target/testbed`.
pub fn workshop() -> PathBuf {
    static WORKSHOP: LazyLock<PathBuf> = LazyLock::new(|| {
        let dir = env::var_os("UMBRA_TESTBED_DIR").map_or_else(
            || binaries().parent().unwrap_or(Path::new("/")).join("testbed"),
            PathBuf::from,
        );
        fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("create {}: {error}", dir.display()));
        fs::canonicalize(&dir).expect("the folder was just made")
    });
    WORKSHOP.clone()
}

/// Path of a program that the machine offers, with symbolic links resolved.
pub fn program(name: &str) -> Result<PathBuf, String> {
    env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
        .and_then(|path| fs::canonicalize(path).ok())
        .ok_or_else(|| format!("{name} is not installed"))
}

/// What a command prints on stdout, without the line's end.
pub fn output(command: &mut Command) -> Result<String, String> {
    let done = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{command:?}: {}: {}", done.status, said.trim()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
}

/// Whether the test may load kernel programs and make namespaces.
pub fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether the processor is emulated: `UMBRA_SLOW=1`.
pub fn is_slow() -> bool {
    env::var_os("UMBRA_SLOW").is_some_and(|slow| slow == "1")
}

/// A time-out for this machine: ten times as long on a slow one.
pub fn patience(base: Duration) -> Duration {
    if is_slow() { base * 10 } else { base }
}
