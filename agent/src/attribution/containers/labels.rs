//! Labels and annotations in which runtimes and the kubelet keep what a container is.

use std::collections::HashMap;

use super::ContainerFacts;

/// What they say; empty ones say nothing.
pub(super) fn facts(labels: &HashMap<String, String>) -> ContainerFacts {
    // CRI-O keeps the labels of the kubelet in one annotation, too.
    let inner: HashMap<String, String> = labels
        .get("io.kubernetes.cri-o.Labels")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let first = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| labels.get(*key).or_else(|| inner.get(*key)))
            .filter(|value| !value.is_empty())
            .cloned()
    };
    ContainerFacts {
        name: first(&[
            "io.kubernetes.container.name",
            "io.kubernetes.cri.container-name",
            "nerdctl/name",
        ]),
        image: first(&["io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName"]),
        image_digest: None,
        runtime: None,
        pod: first(&[
            "io.kubernetes.pod.name",
            "io.kubernetes.cri.sandbox-name",
            "io.kubernetes.cri-o.KubeName",
        ]),
        namespace: first(&[
            "io.kubernetes.pod.namespace",
            "io.kubernetes.cri.sandbox-namespace",
            "io.kubernetes.cri-o.Namespace",
        ]),
        workload: None,
        silent: false,
    }
}
