//! The kubelet: names of pods in its folders of logs, and what made them by its read-only port.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde::Deserialize;

use super::ContainerFacts;
use crate::attribution::{files::Root, place::ContainerRef};

/// Names in its folders that are looked at: a node has some hundreds.
const NAMES_MAX: usize = 20_000;

/// By folders of logs: `/var/log/pods/NAMESPACE_POD_UID`, and links `/var/log/containers/POD_NAMESPACE_NAME-ID.log`. No
/// part has an underscore.
pub(super) fn by_names(root: &Root, container: &ContainerRef) -> ContainerFacts {
    let Some(pod) = &container.pod else {
        return ContainerFacts::default();
    };
    let link = format!("-{}.log", container.id);
    let of_container = root
        .names("/var/log/containers", NAMES_MAX)
        .into_iter()
        .find_map(|name| {
            let mut parts = name.strip_suffix(&link)?.splitn(3, '_').map(str::to_owned);
            Some(ContainerFacts {
                pod: parts.next(),
                namespace: parts.next(),
                name: parts.next(),
                ..ContainerFacts::default()
            })
        });
    of_container.unwrap_or_else(|| {
        let folder = root
            .names("/var/log/pods", NAMES_MAX)
            .into_iter()
            .find_map(|name| {
                let mut parts = name.rsplitn(3, '_').map(str::to_owned);
                (parts.next()? == pod.uid).then(|| (parts.next(), parts.next()))
            });
        let (pod, namespace) = folder.unwrap_or_default();
        ContainerFacts {
            pod,
            namespace,
            ..ContainerFacts::default()
        }
    })
}

/// Path of the question for all pods of the node.
pub(super) const PODS: &str = "/pods";
/// Its answer, in bytes: some 10 KiB a pod, of which a node has 110 by default.
pub(super) const PODS_MAX: usize = 16 << 20;
/// All pods are asked for at most once in this time.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Pods remembered.
const KNOWN_MAX: usize = 4_096;

/// What made the pods of this node, by their uids.
#[derive(Default)]
pub(super) struct Pods {
    known: HashMap<String, ContainerFacts>,
    asked: Option<Instant>,
}

impl Pods {
    /// What is known of a pod; `ask` fetches the answer to [`PODS`], if it is time to.
    pub(super) fn find(&mut self, uid: &str, ask: impl FnOnce() -> Option<Vec<u8>>) -> ContainerFacts {
        let is_due = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_EVERY);
        if !self.known.contains_key(uid) && is_due {
            self.asked = Some(Instant::now());
            if let Some(list) = ask().and_then(|body| serde_json::from_slice::<List>(&body).ok()) {
                self.known = list.items.into_iter().take(KNOWN_MAX).map(Item::facts).collect();
            }
        }
        self.known.get(uid).cloned().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    uid: String,
    #[serde(default)]
    labels: HashMap<String, String>,
    #[serde(default)]
    annotations: HashMap<String, String>,
    #[serde(default)]
    owner_references: Vec<OwnerReference>,
}

#[derive(Deserialize)]
struct OwnerReference {
    kind: String,
    name: String,
    #[serde(default)]
    controller: bool,
}

impl Item {
    fn facts(self) -> (String, ContainerFacts) {
        let Metadata {
            name,
            namespace,
            uid,
            labels,
            mut annotations,
            owner_references,
        } = self.metadata;
        let hash = labels.get("pod-template-hash");
        let workload = owner_references
            .into_iter()
            .find(|owner| owner.controller && owner.kind != "Node")
            .map(|owner| {
                // Deployments make ReplicaSets, and name them by that hash.
                let deployment = hash.and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'));
                match deployment {
                    Some(name) if owner.kind == "ReplicaSet" => format!("Deployment/{name}"),
                    _ => format!("{}/{}", owner.kind, owner.name),
                }
            });
        // The cgroup of a static pod has the hash of its configuration, not the uid of its mirror in the cluster.
        let uid = annotations.remove("kubernetes.io/config.hash").unwrap_or(uid);
        let facts = ContainerFacts {
            pod: Some(name),
            namespace: Some(namespace),
            workload,
            ..ContainerFacts::default()
        };
        (uid, facts)
    }
}
