//! Containers that no control group tells of: by the monitor that a runtime leaves beside each, an ancestor of what runs
//! inside. So those with a name of a person's choice (`ctr run`), those without a group of their own (rootless podman
//! where v1 rules), and those that are gone with a group of v1.
//!
//! What the monitors were started with is the kernel's record at exec.

use super::{ContainerRef, Runtime};
use crate::attribution::ancestry::Relative;

/// Longest id that containerd takes (`identifiers.Validate`); those of podman and CRI-O have 64 digits.
const ID_MAX: usize = 76;

/// The container that the first process of `line` runs in, by the nearest monitor above it.
pub(in crate::attribution) fn container(line: &[Relative]) -> Option<ContainerRef> {
    let (process, above) = line.split_first()?;
    let mounts = process.known.as_ref()?.namespaces.mnt;
    above.iter().find_map(|monitor| {
        let known = monitor.known.as_ref()?;
        let image = known.image.as_ref()?;
        let (runtime, id) = of(image.executable.as_deref()?, &image.arguments)?;
        // A container has mounts of its own. What only helps it, as hooks do, is outside.
        let is_inside = ![0, known.namespaces.mnt].contains(&mounts) && known.namespaces.mnt != 0;
        (is_inside && is_id(id)).then(|| ContainerRef {
            id: id.to_owned(),
            runtime,
            pod: None,
            owner: Some(known.uid).filter(|uid| *uid != 0),
            outer: None,
        })
    })
}

/// What a monitor watches: conmon(8), and the shims of containerd.
fn of<'a>(executable: &str, arguments: &'a [String]) -> Option<(Runtime, &'a str)> {
    let name = executable.rsplit('/').next()?;
    if name == "conmon" {
        let is_crio = option(arguments, &["--exit-dir"]).is_some_and(|folder| folder.contains("/crio/"));
        let runtime = if is_crio { Runtime::Crio } else { Runtime::Podman };
        return Some((runtime, option(arguments, &["-c", "--cid"])?));
    }
    if !name.starts_with("containerd-shim") {
        return None;
    }
    let runtime = match option(arguments, &["-namespace"])? {
        // A pod's shim has the id of the pod's sandbox. The kubelet's groups tell which container it is.
        "k8s.io" => return None,
        "moby" => Runtime::Docker,
        _ => Runtime::Containerd,
    };
    Some((runtime, option(arguments, &["-id"])?))
}

/// What follows the first of the arguments that is one of `names`.
pub(in crate::attribution) fn option<'a>(arguments: &'a [String], names: &[&str]) -> Option<&'a str> {
    let at = arguments
        .iter()
        .position(|argument| names.contains(&argument.as_str()))?;
    arguments.get(at + 1).map(String::as_str)
}

/// It becomes a part of paths.
fn is_id(id: &str) -> bool {
    id.len() <= ID_MAX
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests;
