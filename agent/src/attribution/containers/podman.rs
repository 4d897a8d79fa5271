//! podman and CRI-O: what they keep of containers in their storage (the library containers/storage).

use serde::Deserialize;

use super::{ContainerFacts, containerd, json};
use crate::attribution::{files::Root, people, place::ContainerRef};

/// A storage's list of containers, in bytes: about 1 KiB each.
const LIST_MAX: usize = 16 << 20;
/// Its lists: of all containers, and of those with `--rm`, which need not outlive a crash.
const LISTS: [&str; 2] = ["containers.json", "volatile-containers.json"];
/// Its drivers.
const DRIVERS: [&str; 3] = ["overlay", "vfs", "btrfs"];

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default)]
    names: Vec<String>,
    /// JSON within JSON.
    #[serde(default)]
    metadata: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    #[serde(default)]
    image_name: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    pod_name: String,
    #[serde(default)]
    pod_id: String,
}

/// By the files at their usual places.
pub(super) fn by_files(root: &Root, container: &ContainerRef) -> ContainerFacts {
    let mut facts = ContainerFacts::default();
    for folder in run_folders(container) {
        let file = format!("{folder}/{}/userdata/config.json", container.id);
        facts.fill(containerd::by_configuration(root, &file).unwrap_or_default());
    }
    for folder in graph_folders(root, container) {
        facts.fill(by_lists(root, &folder, &container.id));
    }
    facts
}

/// By the folder with the container's `config.json`: `STORAGE/overlay-containers/ID/userdata`.
pub(super) fn by_bundle(root: &Root, id: &str, bundle: &str) -> ContainerFacts {
    let configuration = containerd::by_configuration(root, &format!("{bundle}/config.json"));
    let mut facts = configuration.unwrap_or_default();
    if let Some(folder) = bundle.strip_suffix(&format!("/{id}/userdata")) {
        facts.fill(by_lists(root, folder, id));
    }
    facts
}

/// Folders of what is to be gone after a restart.
pub(super) fn run_folders(container: &ContainerRef) -> Vec<String> {
    let run = match container.owner {
        None => "/run/containers/storage".to_owned(),
        Some(uid) => format!("/run/user/{uid}/containers"),
    };
    DRIVERS
        .map(|driver| format!("{run}/{driver}-containers"))
        .to_vec()
}

fn graph_folders(root: &Root, container: &ContainerRef) -> Vec<String> {
    let storage = match container.owner {
        None => Some("/var/lib/containers/storage".to_owned()),
        Some(uid) => people::home(root, uid).map(|home| format!("{home}/.local/share/containers/storage")),
    };
    storage
        .iter()
        .flat_map(|storage| DRIVERS.map(|driver| format!("{storage}/{driver}-containers")))
        .collect()
}

fn by_lists(root: &Root, folder: &str, id: &str) -> ContainerFacts {
    LISTS
        .iter()
        .filter_map(|list| json::<Vec<Listed>>(root, &format!("{folder}/{list}"), LIST_MAX))
        .flatten()
        .find(|listed| listed.id == id)
        .map(facts)
        .unwrap_or_default()
}

fn facts(listed: Listed) -> ContainerFacts {
    let metadata: Metadata = serde_json::from_str(&listed.metadata).unwrap_or_default();
    // CRI-O's names are `k8s_…`; its configuration has told the kubelet's already.
    let is_pods = !metadata.pod_id.is_empty() || !metadata.pod_name.is_empty();
    let name = Some(metadata.name).filter(|name| !name.is_empty());
    ContainerFacts {
        name: name
            .or_else(|| listed.names.into_iter().next())
            .filter(|_| !is_pods),
        image: Some(metadata.image_name),
        ..ContainerFacts::default()
    }
}
