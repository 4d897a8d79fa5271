//! Where a process runs: its systemd unit or container, from its cgroup's path.

pub(super) mod monitor;
mod path;

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Instant,
};

use umbra_agent_common::process::ProcessKey;

use super::procfs;
use crate::probes::Cgroups;

/// Directories looked through for a cgroup's id.
const CGROUPS_MAX: usize = 20_000;
/// Answers remembered; beyond, all are looked for anew.
const KNOWN_MAX: usize = 4_096;
/// After a walk through them none is made for so many times as long as it took: a fiftieth of a processor at most. A
/// few hundred take milliseconds, so that containers that come and go are found all the same.
const REST: u32 = 50;

/// Where a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its systemd unit, of the system's manager: `cron.service`, `user@1000.service`.
    pub unit: Option<String>,
    /// The slice of that unit: `system.slice`, `user-1000.slice`.
    pub slice: Option<String>,
    /// Its unit of a user's manager: `app-gnome-code-1234.scope`. Names are the user's choice.
    pub user_unit: Option<String>,
    /// Whose manager that is: a user id.
    pub manager: Option<u32>,
    /// Its container: the innermost.
    pub container: Option<ContainerRef>,
}

/// A container, as far as a cgroup's path tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerRef {
    /// The runtime's id: 64 hexadecimal digits for Docker, podman, containerd and CRI-O; a name for LXC and nspawn.
    pub id: String,
    /// Who runs it.
    pub runtime: Runtime,
    /// The Kubernetes pod that it belongs to.
    pub pod: Option<Pod>,
    /// It is below that user's own manager (rootless): whoever says what it is, is that user.
    pub owner: Option<u32>,
    /// The container around it.
    pub outer: Option<Box<ContainerRef>>,
}

impl ContainerRef {
    fn depth(&self) -> usize {
        1 + self.outer.as_ref().map_or(0, |outer| outer.depth())
    }
}

/// Who runs containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// Docker, also `cri-dockerd`.
    Docker,
    /// podman.
    Podman,
    /// containerd: by Kubernetes, `nerdctl` or `ctr`.
    Containerd,
    /// CRI-O.
    Crio,
    /// `BuildKit`: a step of the build of an image.
    Buildkit,
    /// LXC, LXD, Incus.
    Lxc,
    /// systemd-nspawn, and others that tell systemd-machined of themselves.
    Nspawn,
    /// The path does not say.
    Unknown,
}

impl Runtime {
    /// Its name; `None`: not known.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Docker => Some("docker"),
            Self::Podman => Some("podman"),
            Self::Containerd => Some("containerd"),
            Self::Crio => Some("cri-o"),
            Self::Buildkit => Some("buildkit"),
            Self::Lxc => Some("lxc"),
            Self::Nspawn => Some("systemd-nspawn"),
            Self::Unknown => None,
        }
    }
}

/// A Kubernetes pod, as far as the kubelet's cgroups tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pod {
    /// Its uid: a UUID, or 32 hexadecimal digits for a static pod.
    pub uid: String,
    /// Its quality of service.
    pub quality: Quality,
}

/// Kubernetes' classes of quality of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quality {
    /// `Guaranteed`
    Guaranteed,
    /// `Burstable`
    Burstable,
    /// `BestEffort`
    BestEffort,
}

/// Finds places, also of processes that are gone, by their cgroup's id.
pub(super) struct Places {
    /// By process and cgroup: one process usually makes many flows.
    known: HashMap<(ProcessKey, u64), Place>,
    /// Cgroups that were made since the agent started; they may be gone, too.
    made: Cgroups,
    /// Those that were found at the last walk.
    walked: HashMap<u64, String>,
    /// When the next walk may begin.
    next_walk: Option<Instant>,
}

impl Places {
    /// Who knows the cgroups that are made.
    pub(super) fn new(made: Cgroups) -> Self {
        Self {
            known: HashMap::new(),
            made,
            walked: HashMap::new(),
            next_walk: None,
        }
    }

    /// Where the process runs or ran; `cgroup` is the id of its v2 cgroup when it opened the flow.
    pub(super) fn find(&mut self, process: &ProcessKey, cgroup: u64) -> Place {
        if let Some(place) = self.known.get(&(*process, cgroup)) {
            return place.clone();
        }
        let made = self.made.path(cgroup);
        let place = match (living(process), made) {
            (Some(text), made) => of_process(&text, made.as_deref()),
            (None, Some(made)) => path::place(&made),
            (None, None) => self.walked(cgroup).map(path::place).unwrap_or_default(),
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert((*process, cgroup), place.clone());
        place
    }

    /// The path of the cgroup whose directory has that inode number: of one that is older than the agent, or than those
    /// that the kernel's table still has.
    fn walked(&mut self, id: u64) -> Option<&str> {
        let begun = Instant::now();
        let due = self.next_walk.is_none_or(|next| next <= begun);
        if id != 0 && !self.walked.contains_key(&id) && due {
            self.walked = walk(&crate::probes::cgroup::mount_point()?);
            self.next_walk = Some(Instant::now() + REST * begun.elapsed());
        }
        self.walked.get(&id).map(String::as_str)
    }
}

/// `/proc/PID/cgroup` of a process that lives.
fn living(process: &ProcessKey) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{}/cgroup", process.pid)).ok()?;
    // Read before the check: else the id could have been used again in between.
    procfs::lives(process.pid, process.started_ns).then_some(text)
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
/// hierarchy, and for containers any controller's, may say more than the path of v2. Of that, `made` is what the process
/// was in when it opened the flow, if it is known: it may have moved.
fn of_process(text: &str, made: Option<&str>) -> Place {
    let mut places: Vec<(usize, Place)> = text
        .lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let controllers = fields.next()?;
            let rank = ["", "name=systemd", "pids", "memory", "cpu,cpuacct", "devices"]
                .iter()
                .position(|wanted| *wanted == controllers)?;
            let path = fields.next()?;
            // Of one that is removed (`proc_cgroup_show`).
            let path = path.strip_suffix(" (deleted)").unwrap_or(path);
            let path = made.filter(|_| controllers.is_empty()).unwrap_or(path);
            Some((rank, path::place(path)))
        })
        .filter(|(_, place)| *place != Place::default())
        .collect();
    places.sort_by_key(|(rank, place)| (place.container.is_none(), place.unit.is_none(), *rank));
    places
        .into_iter()
        .next()
        .map(|(_, place)| place)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
