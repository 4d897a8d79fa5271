//! What a container is: its name, its image, its pod. Runtimes keep that in files; what those do not say, their sockets
//! are asked.
//!
//! It reads disks and waits for others: for a worker thread, never for the pipeline. A runtime has a second to answer; one
//! that did not is left alone for a while.

mod around;
mod breaker;
mod conmon;
mod containerd;
mod docker;
mod http;
mod image;
mod kubelet;
mod labels;
mod podman;
mod protobuf;
mod sockets;
mod workload;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use super::{
    desk::{Desk, LONGEST_PATIENCE, Terms},
    files::Root,
    place::{ContainerRef, Runtime},
    procfs,
};
use crate::{config, losses::Losses};
use sockets::Sockets;

/// All sockets together have so long to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A runtime's file on one container, in bytes: those of containers with many mounts have about 100 KiB.
const FILE_MAX: usize = 4 << 20;
/// A fact, in bytes. The names of Kubernetes and of images are shorter (253, and 255 with a digest).
const FACT_MAX: usize = 512;

/// One thread: it reads runtimes' files, and waits for their sockets.
const TERMS: Terms<Option<ContainerFacts>> = Terms {
    name: "umbra-container",
    threads: 1,
    open_max: 256,
    known_max: 1_024,
    // An image stays; what was not known may be a runtime's that was starting, or hung.
    valid: |facts| match facts {
        Some(facts) if facts.image.is_some() => Duration::from_hours(1),
        Some(facts) if facts.silent => breaker::REST,
        _ => Duration::from_mins(1),
    },
    // The image is half of a caller: told without it first and with it later, it would be two.
    patience: LONGEST_PATIENCE,
};

/// Opens the desk.
pub(super) fn desk(
    config: &config::Containers,
    bell: Arc<Notify>,
    losses: Arc<Losses>,
) -> Desk<ContainerRef, Option<ContainerFacts>> {
    let way = || {
        let mut informant = Informant::new(config.clone());
        move |container: &ContainerRef| Some(informant.ask(container))
    };
    Desk::new(TERMS, way, bell, losses)
}

/// What is known of a container. Whoever runs it chose the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Who runs it, when its path does not say but one of them knows it.
    pub runtime: Option<Runtime>,
    /// Its name; in Kubernetes its name in the pod.
    pub name: Option<String>,
    /// Its image in full: `docker.io/library/nginx:1.27`.
    pub image: Option<String>,
    /// The digest by which registries know the image: `sha256:…`.
    pub image_digest: Option<String>,
    /// Kubernetes pod.
    pub pod: Option<String>,
    /// Kubernetes namespace of the pod.
    pub namespace: Option<String>,
    /// What made the pod, with its kind: `Deployment/web`.
    pub workload: Option<String>,
    /// A runtime did not answer: the image may become known yet.
    pub silent: bool,
}

impl ContainerFacts {
    /// Takes what is not known yet from what `runtime` says of `container`.
    fn learn(&mut self, container: &ContainerRef, runtime: Runtime, said: Self) {
        if container.runtime == Runtime::Unknown && said != Self::default() {
            self.runtime.get_or_insert(runtime);
        }
        self.fill(said);
    }

    /// Takes what is not known yet from `other`.
    fn fill(&mut self, other: Self) {
        let fill = |own: &mut Option<String>, other: Option<String>| {
            if own.is_none() {
                *own = other.filter(|fact| is_fact(fact));
            }
        };
        fill(&mut self.name, other.name);
        if self.image.is_none() && self.image_digest.is_none() {
            let (image, digest) = image::parse(other.image.as_deref());
            fill(&mut self.image, image);
            fill(&mut self.image_digest, digest.or(other.image_digest));
        }
        fill(&mut self.pod, other.pod);
        fill(&mut self.namespace, other.namespace);
        fill(&mut self.workload, other.workload);
    }

    /// Whether nobody can say much more.
    fn is_whole(&self, container: &ContainerRef) -> bool {
        self.name.is_some()
            && self.image.is_some()
            && (container.pod.is_none() || self.pod.is_some() && self.namespace.is_some())
    }
}

fn is_fact(text: &str) -> bool {
    !text.is_empty() && text.len() <= FACT_MAX && !text.chars().any(char::is_control)
}

/// Finds out what containers are.
pub struct Informant {
    enabled: bool,
    root: String,
    sockets: Sockets,
}

impl Informant {
    /// Looks where `config` says, in the host's files.
    pub fn new(config: config::Containers) -> Self {
        Self::within(&procfs::host_root(), config)
    }

    /// The same, with the host's files below `root`.
    fn within(root: &str, config: config::Containers) -> Self {
        Self {
            enabled: config.enabled,
            root: root.to_owned(),
            sockets: Sockets::new(root, config),
        }
    }

    /// What is known of `container`. Blocks for as long as files do, and at most two seconds more.
    pub fn ask(&mut self, container: &ContainerRef) -> ContainerFacts {
        let mut facts = ContainerFacts::default();
        if !self.enabled {
            return facts;
        }
        if matches!(container.runtime, Runtime::Lxc | Runtime::Nspawn) {
            facts.name = Some(unescape(&container.id)).filter(|name| is_fact(name));
            return facts;
        }
        let root = match &container.outer {
            None => Root::open(&self.root).ok(),
            Some(outer) => around::root_of(&self.root, outer),
        };
        let Some(root) = root else { return facts };
        by_files(&root, container, &mut facts);
        if container.outer.is_none() {
            by_storage_elsewhere(&root, container, &mut facts);
            self.sockets.ask(container, &mut facts, Instant::now() + PATIENCE);
        }
        if facts.workload.is_none() {
            facts.workload = facts.pod.as_deref().and_then(workload::of_pod);
        }
        facts
    }
}

/// By the files of every runtime that it may be of.
fn by_files(root: &Root, container: &ContainerRef, facts: &mut ContainerFacts) {
    let sources: [(&[Runtime], Source); 4] = [
        (&[Runtime::Docker], docker::by_file),
        (&[Runtime::Containerd], containerd::by_file),
        (&[Runtime::Podman, Runtime::Crio], podman::by_files),
        (&[], kubelet::by_names),
    ];
    for (runtimes, source) in sources {
        let may_be = runtimes.is_empty()
            || container.runtime == Runtime::Unknown
            || runtimes.contains(&container.runtime);
        if may_be && !facts.is_whole(container) {
            match *runtimes {
                [runtime] => facts.learn(container, runtime, source(root, container)),
                _ => facts.fill(source(root, container)),
            }
        }
    }
}

type Source = fn(&Root, &ContainerRef) -> ContainerFacts;

/// podman and CRI-O may have been told to keep their files anywhere: their monitor of the container knows.
fn by_storage_elsewhere(root: &Root, container: &ContainerRef, facts: &mut ContainerFacts) {
    let is_theirs = matches!(container.runtime, Runtime::Podman | Runtime::Crio);
    if !is_theirs || facts.is_whole(container) {
        return;
    }
    if let Some(monitor) = conmon::find(container) {
        if let Some(bundle) = &monitor.bundle {
            facts.fill(podman::by_bundle(root, &container.id, bundle));
        }
        facts.fill(ContainerFacts {
            name: monitor.name,
            ..ContainerFacts::default()
        });
    }
}

/// Reads a file of JSON.
fn json<T: DeserializeOwned>(root: &Root, path: &str, max: usize) -> Option<T> {
    serde_json::from_slice(&root.read(path, max)?).ok()
}

/// A name as systemd escapes it in units: `\x2d` is a hyphen (systemd-escape(1)).
pub(super) fn unescape(name: &str) -> String {
    let mut parts = name.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend([b"\\x", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
