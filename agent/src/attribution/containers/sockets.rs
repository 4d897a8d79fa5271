//! Asks runtimes over their sockets, each within its time.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    ContainerFacts,
    breaker::Breaker,
    containerd, docker,
    http::{self, Endpoint, Failure, Question},
    kubelet::{PODS, PODS_MAX, Pods},
    labels, protobuf,
};
use crate::{
    attribution::place::{ContainerRef, Runtime},
    config,
};

/// One runtime has so long to answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// An answer on one container, in bytes.
const ANSWER_MAX: usize = 4 << 20;
/// Path of the method of the Container Runtime Interface (`api.proto`, version 1).
const STATUS: &str = "/runtime.v1.RuntimeService/ContainerStatus";

/// Whom to ask, and who hung.
pub(super) struct Sockets {
    root: String,
    config: config::Containers,
    breaker: Breaker,
    pods: Pods,
    /// Somebody did not answer what was asked last.
    silent: bool,
}

impl Sockets {
    /// Sockets are looked for below `root`.
    pub(super) fn new(root: &str, config: config::Containers) -> Self {
        Self {
            root: root.to_owned(),
            config,
            breaker: Breaker::default(),
            pods: Pods::default(),
            silent: false,
        }
    }

    /// Fills in what `facts` does not have yet, by `deadline`.
    pub(super) fn ask(&mut self, container: &ContainerRef, facts: &mut ContainerFacts, deadline: Instant) {
        self.silent = false;
        let order: &[Runtime] = match container.runtime {
            Runtime::Unknown => &[Runtime::Containerd, Runtime::Docker, Runtime::Crio],
            Runtime::Docker => &[Runtime::Docker],
            Runtime::Podman => &[Runtime::Podman],
            Runtime::Containerd => &[Runtime::Containerd],
            Runtime::Crio => &[Runtime::Crio],
            Runtime::Buildkit | Runtime::Lxc | Runtime::Nspawn => &[],
        };
        for runtime in order {
            if !facts.is_whole(container) {
                let said = self.ask_one(*runtime, container, deadline);
                facts.learn(container, *runtime, said.unwrap_or_default());
            }
        }
        self.ask_kubelet(container, facts, deadline);
        facts.silent = self.silent && facts.image.is_none();
    }

    fn ask_one(
        &mut self,
        runtime: Runtime,
        container: &ContainerRef,
        deadline: Instant,
    ) -> Option<ContainerFacts> {
        let id = &container.id;
        let endpoint = self.endpoint(runtime, container.owner)?;
        match runtime {
            Runtime::Docker | Runtime::Podman => {
                let path = docker::question(id);
                let body = self.question(&endpoint, &Question::Get(&path), ANSWER_MAX, deadline)?;
                docker::answer(&body, id)
            }
            Runtime::Containerd if container.pod.is_none() => {
                let list = Question::Call(containerd::LIST, &[], None);
                let namespaces = self.question(&endpoint, &list, ANSWER_MAX, deadline)?;
                let message = containerd::question(id);
                containerd::namespaces(&namespaces).iter().find_map(|namespace| {
                    let header = Some((containerd::NAMESPACE, namespace.as_str()));
                    let question = Question::Call(containerd::GET, &message, header);
                    let answer = self.question(&endpoint, &question, ANSWER_MAX, deadline)?;
                    containerd::answer(&answer, id)
                })
            }
            Runtime::Containerd | Runtime::Crio => {
                // `ContainerStatusRequest { container_id = 1 }`
                let message = protobuf::text(1, id);
                let question = Question::Call(STATUS, &message, None);
                let answer = self.question(&endpoint, &question, ANSWER_MAX, deadline)?;
                status(&answer, id)
            }
            _ => None,
        }
    }

    /// Where the runtime listens, of the system or of `owner`.
    fn endpoint(&self, runtime: Runtime, owner: Option<u32>) -> Option<Endpoint> {
        let below_root = |path: &Path| {
            let inside = path.strip_prefix("/").unwrap_or(path);
            Path::new(&self.root).join(inside)
        };
        let path = match (runtime, owner) {
            (Runtime::Docker, None) => self.config.docker_socket.clone(),
            (Runtime::Podman, None) => self.config.podman_socket.clone(),
            (Runtime::Containerd, None) => self.config.containerd_socket.clone(),
            (Runtime::Crio, None) => self.config.crio_socket.clone(),
            (Runtime::Docker, Some(uid)) => format!("/run/user/{uid}/docker.sock").into(),
            (Runtime::Podman, Some(uid)) => format!("/run/user/{uid}/podman/podman.sock").into(),
            _ => return None,
        };
        Some(Endpoint::Unix(below_root(&path), owner))
    }

    fn ask_kubelet(&mut self, container: &ContainerRef, facts: &mut ContainerFacts, deadline: Instant) {
        let (Some(address), Some(pod)) = (self.config.kubelet, &container.pod) else {
            return;
        };
        let mut pods = std::mem::take(&mut self.pods);
        facts.fill(pods.find(&pod.uid, || {
            self.question(&Endpoint::Tcp(address), &Question::Get(PODS), PODS_MAX, deadline)
        }));
        self.pods = pods;
    }

    fn question(
        &mut self,
        endpoint: &Endpoint,
        question: &Question<'_>,
        max: usize,
        deadline: Instant,
    ) -> Option<Vec<u8>> {
        let now = Instant::now();
        let socket = match endpoint {
            Endpoint::Unix(path, _) => path.display().to_string(),
            Endpoint::Tcp(address) => address.to_string(),
        };
        let limit = PATIENCE.min(deadline.saturating_duration_since(now));
        if limit.is_zero() || !self.breaker.allows(&socket, now) {
            self.silent = true;
            return None;
        }
        let answer = http::ask(endpoint, question, max, limit);
        if answer == Err(Failure::Late) {
            self.silent = true;
            self.breaker.trip(&socket, Instant::now());
        }
        answer.ok()
    }
}

/// `ContainerStatusResponse { status = 1 }`, `ContainerStatus { id = 1, metadata = 2 { name = 1 }, image = 8 { image = 1 },
/// image_ref = 9, labels = 12, annotations = 13 }`.
fn status(message: &[u8], id: &str) -> Option<ContainerFacts> {
    let status = protobuf::field(message, 1)?;
    if protobuf::field(status, 1) != Some(id.as_bytes()) {
        return None;
    }
    let mut facts = labels::facts(&protobuf::map(status, 12));
    let name = protobuf::field(status, 2).and_then(|metadata| protobuf::string(metadata, 1));
    facts.name = name.or(facts.name);
    facts.image = protobuf::field(status, 8).and_then(|image| protobuf::string(image, 1));
    // A reference by digest, or the image's id, which no registry knows.
    let reference = protobuf::string(status, 9);
    facts.image_digest = reference.and_then(|reference| Some(reference.split_once('@')?.1.to_owned()));
    Some(facts)
}
