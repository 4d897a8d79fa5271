//! containerd: the folders of its tasks, and its own API.

use std::collections::HashMap;

use serde::Deserialize;

use super::{ContainerFacts, FILE_MAX, json, labels, protobuf};
use crate::attribution::{files::Root, place::ContainerRef};

/// Where it keeps them: as packaged, and inside of k3s and RKE2, k0s and `MicroK8s`.
const STATES: [&str; 4] = [
    "/run/containerd",
    "/run/k3s/containerd",
    "/run/k0s/containerd",
    "/var/snap/microk8s/common/run/containerd",
];
/// Versions 1 and 2 of its interface to shims.
const TASKS: [&str; 2] = ["io.containerd.runtime.v2.task", "io.containerd.runtime.v1.linux"];
/// Namespaces of it: Kubernetes, Docker, and few others.
const NAMESPACES_MAX: usize = 64;

/// The folders of the container's task, `STATE/TASKS/NAMESPACE/ID`, as far as there may be such.
pub(super) fn bundles<'a>(root: &'a Root, id: &'a str) -> impl Iterator<Item = String> + 'a {
    STATES
        .iter()
        .flat_map(|state| TASKS.map(|tasks| format!("{state}/{tasks}")))
        .flat_map(move |tasks| {
            let namespaces = root.names(&tasks, NAMESPACES_MAX);
            namespaces
                .into_iter()
                .map(move |namespace| format!("{tasks}/{namespace}/{id}"))
        })
}

/// By the configuration that it gave the container's OCI runtime.
pub(super) fn by_file(root: &Root, container: &ContainerRef) -> ContainerFacts {
    bundles(root, &container.id)
        .find_map(|bundle| by_configuration(root, &format!("{bundle}/config.json")))
        .unwrap_or_default()
}

/// By annotations in a `config.json` (OCI runtime specification).
pub(super) fn by_configuration(root: &Root, path: &str) -> Option<ContainerFacts> {
    #[derive(Deserialize)]
    struct Configuration {
        #[serde(default)]
        annotations: HashMap<String, String>,
    }
    let configuration: Configuration = json(root, path, FILE_MAX)?;
    Some(labels::facts(&configuration.annotations))
}

/// Path of the method `Get` of its service of containers (`containers.proto` of its API, version 1).
pub(super) const GET: &str = "/containerd.services.containers.v1.Containers/Get";
/// The header that names the namespace.
pub(super) const NAMESPACE: &str = "containerd-namespace";

/// Path of the method `List` of its service of namespaces (`namespaces.proto`); its question is an empty message.
pub(super) const LIST: &str = "/containerd.services.namespaces.v1.Namespaces/List";

/// The answer to [`LIST`]: `ListNamespacesResponse { namespaces = 1 }`, `Namespace { name = 1 }`.
pub(super) fn namespaces(message: &[u8]) -> Vec<String> {
    protobuf::all(message, 1)
        .filter_map(|namespace| protobuf::string(namespace, 1))
        .take(NAMESPACES_MAX)
        .collect()
}

/// The question of [`GET`]: `GetContainerRequest { id = 1 }`.
pub(super) fn question(id: &str) -> Vec<u8> {
    protobuf::text(1, id)
}

/// The answer: `GetContainerResponse { container = 1 }`, `Container { id = 1, labels = 2, image = 3 }`.
pub(super) fn answer(message: &[u8], id: &str) -> Option<ContainerFacts> {
    let container = protobuf::field(message, 1)?;
    if protobuf::field(container, 1) != Some(id.as_bytes()) {
        return None;
    }
    let mut facts = labels::facts(&protobuf::map(container, 2));
    facts.image = protobuf::string(container, 3).or(facts.image);
    Some(facts)
}
