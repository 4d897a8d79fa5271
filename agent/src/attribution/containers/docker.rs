//! Docker: its file on each container, and the same over its socket (Engine API, `GET /containers/{id}/json`).

use std::collections::HashMap;

use serde::Deserialize;

use super::{ContainerFacts, FILE_MAX, json, labels};
use crate::attribution::{files::Root, people, place::ContainerRef};

/// Its own configuration, in bytes.
const DAEMON_MAX: usize = 256 << 10;

/// What file and socket have in common.
#[derive(Deserialize)]
struct Inspected {
    #[serde(alias = "ID", rename = "Id")]
    id: String,
    #[serde(default, rename = "Name")]
    name: String,
    /// Digest of the image's configuration.
    #[serde(default, rename = "Image")]
    image: String,
    #[serde(default, rename = "ImageName")]
    image_name: String,
    #[serde(default, rename = "Config")]
    config: Config,
}

#[derive(Default, Deserialize)]
struct Config {
    /// As it was asked for.
    #[serde(default, rename = "Image")]
    image: String,
    #[serde(default, rename = "Labels")]
    labels: Option<HashMap<String, String>>,
}

/// By its file.
pub(super) fn by_file(root: &Root, container: &ContainerRef) -> ContainerFacts {
    files(root, container)
        .find_map(|file| json::<Inspected>(root, &file, FILE_MAX))
        .and_then(|inspected| facts(inspected, &container.id))
        .unwrap_or_default()
}

/// Where that file may be.
pub(super) fn files<'a>(root: &'a Root, container: &'a ContainerRef) -> impl Iterator<Item = String> + 'a {
    #[derive(Deserialize)]
    struct Daemon {
        #[serde(rename = "data-root")]
        data_root: String,
    }
    let home = container.owner.and_then(|uid| people::home(root, uid));
    let (daemon, usual) = match (container.owner, home) {
        (None, _) => (
            Some("/etc/docker/daemon.json".to_owned()),
            vec![
                "/var/lib/docker".to_owned(),
                "/var/snap/docker/common/var-lib-docker".to_owned(),
            ],
        ),
        (Some(_), Some(home)) => (
            Some(format!("{home}/.config/docker/daemon.json")),
            vec![format!("{home}/.local/share/docker")],
        ),
        (Some(_), None) => (None, Vec::new()),
    };
    daemon
        .and_then(|file| json::<Daemon>(root, &file, DAEMON_MAX))
        .map(|daemon| daemon.data_root)
        .into_iter()
        .chain(usual)
        .map(|data| format!("{data}/containers/{}/config.v2.json", container.id))
}

/// Path of the question.
pub(super) fn question(id: &str) -> String {
    format!("/containers/{id}/json")
}

/// By the socket's answer: Docker's, or podman's to the same question.
pub(super) fn answer(body: &[u8], id: &str) -> Option<ContainerFacts> {
    facts(serde_json::from_slice(body).ok()?, id)
}

fn facts(inspected: Inspected, id: &str) -> Option<ContainerFacts> {
    if inspected.id != id {
        return None;
    }
    let asked = match inspected.image_name {
        name if name.is_empty() => inspected.config.image,
        name => name,
    };
    // By its id, which people cut short.
    let is_id = !asked.is_empty()
        && [
            inspected.image.as_str(),
            inspected.image.trim_start_matches("sha256:"),
        ]
        .iter()
        .any(|image| image.starts_with(&asked));
    let mut facts = labels::facts(&inspected.config.labels.unwrap_or_default());
    facts.image = Some(if is_id { inspected.image } else { asked });
    facts.name = facts
        .name
        .or_else(|| Some(inspected.name.trim_start_matches('/').to_owned()));
    Some(facts)
}
