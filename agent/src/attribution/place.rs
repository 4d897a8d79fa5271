//! Where a process runs: its systemd unit or container, from its cgroup's path.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use umbra_agent_common::process::ProcessKey;

use super::procfs;

/// Directories looked through for a cgroup's id.
const CGROUPS_MAX: usize = 20_000;
/// Answers remembered; beyond, all are looked for anew.
const KNOWN_MAX: usize = 4_096;
/// At most one walk through them in this time.
const WALK_EVERY: Duration = Duration::from_secs(5);

/// Where a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Id of its container.
    pub container: Option<String>,
    /// Its systemd unit.
    pub unit: Option<String>,
}

/// Finds places, also of processes that are gone, by their cgroup's id.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// By process and cgroup: one process usually makes many flows.
    known: HashMap<(ProcessKey, u64), Place>,
    by_id: HashMap<u64, String>,
    walked: Option<Instant>,
}

impl Places {
    /// Where the process runs or ran; `cgroup` is the id of its v2 cgroup when it opened the flow.
    pub(super) fn find(&mut self, process: &ProcessKey, cgroup: u64) -> Place {
        if let Some(place) = self.known.get(&(*process, cgroup)) {
            return place.clone();
        }
        let place =
            Self::living(process).unwrap_or_else(|| self.path(cgroup).map(of_path).unwrap_or_default());
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert((*process, cgroup), place.clone());
        place
    }

    fn living(process: &ProcessKey) -> Option<Place> {
        let text = fs::read_to_string(format!("/proc/{}/cgroup", process.pid)).ok()?;
        // Read before the check: else the id could have been used again in between.
        procfs::lives(process.pid, process.started_ns).then(|| of_process(&text))
    }

    /// The path of the cgroup whose directory has that inode number.
    fn path(&mut self, id: u64) -> Option<&str> {
        let due = self.walked.is_none_or(|walked| walked.elapsed() > WALK_EVERY);
        if id != 0 && !self.by_id.contains_key(&id) && due {
            self.walked = Some(Instant::now());
            self.by_id = walk(&crate::probes::cgroup::mount_point()?);
        }
        self.by_id.get(&id).map(String::as_str)
    }
}

fn walk(root: &Path) -> HashMap<u64, String> {
    let mut found = HashMap::new();
    let mut open: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(directory) = open.pop()
        && found.len() < CGROUPS_MAX
    {
        let Ok(metadata) = fs::metadata(&directory) else {
            continue;
        };
        let path = directory.strip_prefix(root).unwrap_or(&directory);
        found.insert(metadata.ino(), format!("/{}", path.display()));
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        open.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
    found
}

/// From `/proc/PID/cgroup` (cgroups(7)): one line a hierarchy, `id:controllers:path`. On a hybrid host systemd's own
/// hierarchy says more than an empty v2 path.
fn of_process(text: &str) -> Place {
    let paths = |wanted: &[&str]| -> Place {
        text.lines()
            .filter_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                let controllers = fields.next()?;
                let path = fields.next()?;
                wanted.contains(&controllers).then(|| of_path(path))
            })
            .find(|place| *place != Place::default())
            .unwrap_or_default()
    };
    let place = paths(&["", "name=systemd"]);
    if place == Place::default() {
        paths(&["pids", "memory", "cpu,cpuacct", "devices"])
    } else {
        place
    }
}

/// From a cgroup's path, such as `/system.slice/cron.service` or `/system.slice/docker-<id>.scope`.
fn of_path(path: &str) -> Place {
    let mut place = Place::default();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if let Some(id) = container_id(part) {
            place.container = Some(id.to_owned());
        } else if place.container.is_none() && is_unit(part) {
            place.unit = Some(part.to_owned());
        }
    }
    place
}

/// The 64 hexadecimal digits in `docker-<id>.scope`, `libpod-<id>.scope`, `cri-containerd-<id>.scope`,
/// `crio-<id>.scope`, or alone under `/docker/` or a pod.
fn container_id(part: &str) -> Option<&str> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    let id = name.rsplit(['-', ':']).next()?;
    (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// Units that hold processes (systemd.unit(5)); slices only hold other units.
fn is_unit(part: &str) -> bool {
    [".service", ".scope", ".socket", ".mount", ".swap"]
        .iter()
        .any(|suffix| part.ends_with(suffix))
}

#[cfg(test)]
mod tests;
