//! Control groups of a scenario's own: from their paths, units and containers are known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

/// A group at the root of cgroup v2; gone when dropped.
#[derive(Debug)]
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one, and those above it in the path.
    pub(super) fn new(path: &str) -> Self {
        let path = root().join(path);
        fs::create_dir_all(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }

    /// The same command, but in the group.
    pub(super) fn around(&self, command: &Command) -> Command {
        // The shell enters the group and becomes the command.
        let mut entering = Command::new("sh");
        entering
            .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
            .arg(self.0.join("cgroup.procs"))
            .arg(command.get_program())
            .args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            entering.current_dir(folder);
        }
        entering
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let root = root();
        for path in self.0.ancestors().take_while(|path| *path != root) {
            // A group above that is not ours alone is not empty, and stays.
            if fs::remove_dir(path).is_err() {
                break;
            }
        }
    }
}

/// This process, in a group that is neither unit nor container, whatever it was started from; put back when dropped.
#[derive(Debug)]
pub(super) struct Neutral {
    before: PathBuf,
    _group: Cgroup,
}

impl Neutral {
    /// Moves this process and with it what it will start.
    pub(super) fn enter() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").expect("every process has groups");
        let before = groups.lines().find_map(|line| line.strip_prefix("0::/"));
        let before = root().join(before.expect("cgroup v2 is mounted"));
        let group = Cgroup::new(&format!("umbra-score-{}", process::id()));
        join(&group.0);
        Self {
            before,
            _group: group,
        }
    }
}

impl Drop for Neutral {
    fn drop(&mut self) {
        join(&self.before);
    }
}

fn join(group: &Path) {
    let procs = group.join("cgroup.procs");
    fs::write(&procs, "0").unwrap_or_else(|error| panic!("{}: {error}", procs.display()));
}

/// Where cgroup v2 is mounted.
fn root() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("every system has mounts");
    let root = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (path, kind) = (fields.next()?, fields.next()?);
        (kind == "cgroup2").then_some(path)
    });
    root.expect("cgroup v2 is mounted").into()
}
