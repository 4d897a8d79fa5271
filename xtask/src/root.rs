//! Doing things as root: directly, or by way of sudo.

use std::process::Command;
use std::time::Duration;
use std::{env, thread};

use anyhow::{Result, bail};

use crate::shell;

/// Whether we are root already.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that will run as root.
pub(crate) fn command(program: &str) -> Command {
    if is_root() {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.arg(program);
    sudo
}

/// Makes sure that [`command`] will work, asking for the password now, once, and saying what it is for.
pub(crate) fn ask(purpose: &str) -> Result<()> {
    if is_root() {
        return Ok(());
    }
    if shell::find_program("sudo").is_none() {
        let arguments = env::args().skip(1).collect::<Vec<_>>().join(" ");
        bail!("root is needed to {purpose}, and there is no sudo: run `cargo xtask {arguments}` as root");
    }
    eprintln!("root is needed to {purpose}: asking sudo");
    shell::run(Command::new("sudo").arg("--validate"))?;
    // A build may outlast sudo's memory; keep it awake for as long as we live, so that it asks once.
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_mins(1));
            if shell::answer(Command::new("sudo").args(["--non-interactive", "--validate"])).is_none() {
                break;
            }
        }
    });
    Ok(())
}
