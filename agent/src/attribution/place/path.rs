//! What the path of a cgroup says: systemd's unit and slice, Kubernetes' pod, the container.
//!
//! The forms are those of systemd (systemd.slice(5), systemd.special(7)) and of each runtime with either of its cgroup
//! drivers. A path that was read inside a cgroup namespace begins with `..` (`cgroup_namespaces(7)`), which says nothing.

use super::{ContainerRef, Place, Pod, Quality, Runtime};

/// Length of the ids of Docker, podman, containerd and CRI-O: SHA-256's, in hexadecimal digits.
const ID_LENGTH: usize = 64;
/// Length of `BuildKit`'s ids, which are in base 36 (its package `identity`).
const BUILD_ID_LENGTH: usize = 25;
/// Containers in one another that are told.
const NESTED_MAX: usize = 4;
/// Kinds of units that hold processes (systemd.unit(5)); slices only hold other units.
const HOLDERS: [&str; 5] = ["service", "scope", "socket", "mount", "swap"];
/// Longest name that is believed: a directory's (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Where a process runs whose cgroup has this path.
pub(super) fn place(path: &str) -> Place {
    let mut place = Place::default();
    let mut pod = None;
    let mut before = "";
    for part in path.split('/').filter(|part| !matches!(*part, "" | "." | "..")) {
        // A runtime with systemd's names and a driver that does not speak to systemd: `SLICE:PREFIX:ID`.
        let (slice, name) = part.split_once(':').unwrap_or(("", part));
        pod = pod_of(before, slice).or_else(|| pod_of(before, name)).or(pod);
        if let Some((runtime, id)) = container(before, name, &place, pod.is_some()) {
            let outer = place.container.take().map(Box::new);
            if outer.as_ref().is_some_and(|outer| outer.depth() >= NESTED_MAX) {
                place.container = outer.map(|outer| *outer);
                break;
            }
            place.container = Some(ContainerRef {
                id: id.to_owned(),
                runtime,
                pod: pod.take(),
                owner: place.manager,
                outer,
            });
        } else if place.container.is_none() {
            unit(&mut place, name);
        }
        before = part;
    }
    place
}

/// Takes in a part of the path outside of containers: inside, whoever is root there chose the names.
fn unit(place: &mut Place, name: &str) {
    let Some((_, kind)) = name.rsplit_once('.').filter(|(name, _)| !name.is_empty()) else {
        return;
    };
    if kind == "slice" {
        if place.unit.is_none() {
            place.slice = Some(name.to_owned());
        }
    } else if !HOLDERS.contains(&kind) {
        // A cgroup that a unit has made below its own.
    } else if place.manager.is_some() {
        place.user_unit = Some(name.to_owned());
    } else if place.unit.is_none() {
        place.unit = Some(name.to_owned());
        place.manager = name
            .strip_prefix("user@")
            .and_then(|rest| rest.strip_suffix(".service")?.parse().ok());
    }
}

/// The container that `part`, below `before`, stands for.
fn container<'a>(before: &str, part: &'a str, place: &Place, in_pod: bool) -> Option<(Runtime, &'a str)> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    // Their helpers run outside.
    if ["libpod-conmon-", "crio-conmon-", "lxc.monitor."]
        .iter()
        .any(|helper| name.starts_with(helper))
    {
        return None;
    }
    named(before, part).or_else(|| {
        let (prefix, id) = name
            .rsplit_once(['-', ':'])
            .map_or(("", name), |(prefix, id)| (prefix, id));
        if is_build_id(id) && (before == "buildkit" || prefix == "buildkit") {
            return Some((Runtime::Buildkit, id));
        }
        if id.len() != ID_LENGTH || !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        let runtime = match prefix {
            "docker" => Runtime::Docker,
            "libpod" | "libpod-payload" => Runtime::Podman,
            "cri-containerd" | "nerdctl" => Runtime::Containerd,
            "crio" => Runtime::Crio,
            "buildkit" => Runtime::Buildkit,
            "" => by_parent(before, place, in_pod),
            _ => Runtime::Unknown,
        };
        Some((runtime, id))
    })
}

/// Containers that have a name and no number.
fn named<'a>(before: &str, part: &'a str) -> Option<(Runtime, &'a str)> {
    let found = if let Some(name) = part.strip_prefix("lxc.payload.") {
        (Runtime::Lxc, name)
    } else if matches!(before, "lxc" | "lxc.payload") {
        (Runtime::Lxc, part)
    } else if let Some(name) = part.strip_prefix("systemd-nspawn@") {
        (Runtime::Nspawn, name.strip_suffix(".service")?)
    } else if let Some(name) = part.strip_prefix("machine-") {
        let name = name.strip_suffix(".scope")?;
        // Virtual machines are machines to systemd, too (libvirt's names): what runs there is the emulator.
        if name.starts_with("qemu") || name.starts_with("libvirt") {
            return None;
        }
        (Runtime::Nspawn, name)
    } else {
        return None;
    };
    (!found.1.is_empty() && found.1.len() <= NAME_MAX).then_some(found)
}

/// Whose an id without a prefix is, by the cgroup around it.
fn by_parent(before: &str, place: &Place, in_pod: bool) -> Runtime {
    match before {
        // In pods, it may be containerd's or Docker's; the kubelet does not say.
        _ if in_pod => Runtime::Unknown,
        "docker" => Runtime::Docker,
        "libpod_parent" => Runtime::Podman,
        // containerd's own namespaces.
        "default" | "k8s.io" | "moby" => Runtime::Containerd,
        _ if place.unit.as_deref() == Some("containerd.service") => Runtime::Containerd,
        _ => Runtime::Unknown,
    }
}

fn is_build_id(id: &str) -> bool {
    id.len() == BUILD_ID_LENGTH
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// The pod that a cgroup of the kubelet's stands for: `kubepods-burstable-pod<uid>.slice`, or `pod<uid>` below
/// `kubepods`, `burstable` or `besteffort`. A cgroup root of the kubelet's stands before it (`kubelet-kubepods-…`).
fn pod_of(before: &str, part: &str) -> Option<Pod> {
    let (quality, uid) = if let Some(name) = part.strip_suffix(".slice") {
        let (_, name) = name.split_once("kubepods-")?;
        let (quality, name) = name.strip_prefix("burstable-").map_or_else(
            || {
                name.strip_prefix("besteffort-")
                    .map_or((Quality::Guaranteed, name), |name| (Quality::BestEffort, name))
            },
            |name| (Quality::Burstable, name),
        );
        (quality, name.strip_prefix("pod")?)
    } else {
        let quality = match before {
            "kubepods" => Quality::Guaranteed,
            "burstable" => Quality::Burstable,
            "besteffort" => Quality::BestEffort,
            _ => return None,
        };
        (quality, part.strip_prefix("pod")?)
    };
    // systemd parts slices by hyphens, so the kubelet writes `_`. A static pod's uid is a hash without any.
    let uid = uid.replace('_', "-");
    let is_uid =
        matches!(uid.len(), 32 | 36) && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_uid.then_some(Pod { uid, quality })
}
