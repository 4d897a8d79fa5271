//! Receivers and checks that other people have written, in Python, in an environment of their own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folder of the scripts.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receivers")
}

/// Runs one of the scripts; `None` where it cannot be, which is said.
pub(crate) fn script(name: &str) -> Option<Command> {
    match environment() {
        Ok(python) => {
            let mut command = Command::new(python);
            command.arg(scripts().join(name));
            Some(command)
        }
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

/// What a script prints, told `input`; whether it ended well.
pub(crate) fn printed(mut command: Command, input: &str) -> (bool, String) {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python");
    let mut stdin = child.stdin.take().expect("stdin");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("its end");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("text"))
}

/// The Python of the environment, which is made unless it is there for these requirements. Never twice at once.
fn environment() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receivers");
    let lock = folder.with_extension("lock");
    let said = |error: std::io::Error| format!("{}: {error}", lock.display());
    let alone = File::create(&lock).map_err(said)?;
    alone.lock().map_err(said)?;
    let python = folder.join("bin/python3");
    let wanted = fs::read_to_string(scripts().join("requirements.txt")).expect("the requirements");
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    let mut install = Command::new(folder.join("bin/pip"));
    install.args([
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--requirement",
    ]);
    run(install.arg(scripts().join("requirements.txt")))?;
    fs::write(&mark, wanted).map_err(|error| format!("{}: {error}", mark.display()))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}; `cargo xtask setup` installs python3-venv"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed: {}", said.trim()))
}
