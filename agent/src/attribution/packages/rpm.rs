//! Fedora, Red Hat, SUSE: rpm itself is asked, because its database has had four forms. On the host alone.

use std::{
    io::Read as _,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Package, Reader};

/// Where its database is or was (`%_dbpath`).
const PLACES: [&str; 2] = ["/usr/lib/sysimage/rpm", "/var/lib/rpm"];
/// Its forms: `SQLite`, NDB, Berkeley DB.
const FORMS: [&str; 3] = ["rpmdb.sqlite", "Packages.db", "Packages"];
const PROGRAM: &str = "/usr/bin/rpm";
/// rpm waits for a lock while packages are installed.
const PATIENCE: Duration = Duration::from_secs(5);
/// Its answer is a line.
const ANSWER_MAX: u64 = 4_096;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    if !reader.has(PROGRAM) {
        return None;
    }
    let place = PLACES
        .iter()
        .find(|place| FORMS.iter().any(|form| reader.has(&format!("{place}/{form}"))))?;
    ask(PROGRAM, place, path, PATIENCE)
}

/// Asks `program`, and ends it when it takes longer than `patience`. It is told where the database is: where it knows of
/// none, it would make one.
pub(super) fn ask(program: &str, database: &str, path: &str, patience: Duration) -> Option<Package> {
    let mut child = Command::new(program)
        .args([
            "--dbpath",
            database,
            "--query",
            "--file",
            "--queryformat",
            "%{NAME}\\t%{VERSION}-%{RELEASE}\\n",
            "--",
            path,
        ])
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let is_done = wait(&mut child, patience);
    if !is_done {
        child.kill().ok();
        child.wait().ok();
        return None;
    }
    let mut answer = String::new();
    child
        .stdout
        .take()?
        .take(ANSWER_MAX)
        .read_to_string(&mut answer)
        .ok()?;
    let (name, version) = answer.lines().next()?.split_once('\t')?;
    Package::new("rpm", name, Some(version))
}

/// Whether it ended in time, and well.
fn wait(child: &mut Child, patience: Duration) -> bool {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if started.elapsed() < patience => thread::sleep(Duration::from_millis(10)),
            _ => return false,
        }
    }
}
