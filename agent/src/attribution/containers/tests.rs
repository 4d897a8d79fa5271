use std::{collections::HashMap, fs, path::Path};

use super::*;
use crate::attribution::place::{Pod, Quality};

mod files;
mod runtimes;
mod server;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const UID: &str = "1858680e-b044-4fd5-9dd4-f137e30e2180";
const DIGEST: &str = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A host whose files are below a folder of the test's own, and which listens nowhere else.
struct Host(tempfile::TempDir);

impl Host {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn informant(&self) -> Informant {
        self.configured(config::Containers::default())
    }

    fn configured(&self, config: config::Containers) -> Informant {
        Informant::within(self.0.path().to_str().unwrap(), config)
    }

    fn ask(&self, container: &ContainerRef) -> ContainerFacts {
        self.informant().ask(container)
    }
}

fn container(runtime: Runtime) -> ContainerRef {
    ContainerRef {
        id: ID.to_owned(),
        runtime,
        pod: None,
        owner: None,
        outer: None,
    }
}

fn in_pod(runtime: Runtime) -> ContainerRef {
    ContainerRef {
        pod: Some(Pod {
            uid: UID.to_owned(),
            quality: Quality::Burstable,
        }),
        ..container(runtime)
    }
}

/// Facts by their names in [`ContainerFacts`].
fn facts(pairs: &[(&str, &str)]) -> ContainerFacts {
    let pairs: HashMap<_, _> = pairs.iter().copied().collect();
    let fact = |name| pairs.get(name).map(|value: &&str| (*value).to_owned());
    ContainerFacts {
        runtime: None,
        name: fact("name"),
        image: fact("image"),
        image_digest: fact("image_digest"),
        pod: fact("pod"),
        namespace: fact("namespace"),
        workload: fact("workload"),
        silent: false,
    }
}

/// The same, of a container whose path says that it is `runtime`'s, told by `by`: who that is, is news if it does not say.
fn told(runtime: Runtime, by: Runtime, facts: &ContainerFacts) -> ContainerFacts {
    ContainerFacts {
        runtime: (runtime == Runtime::Unknown).then_some(by),
        ..facts.clone()
    }
}

#[test]
fn nobody_is_asked_when_that_is_off() {
    let host = Host::new();
    host.write(&docker_file(), files::DOCKER.replace("OWN", ID));
    let config = config::Containers {
        enabled: false,
        ..config::Containers::default()
    };
    let container = container(Runtime::Docker);
    assert_eq!(host.configured(config).ask(&container), ContainerFacts::default());
    assert_ne!(host.ask(&container), ContainerFacts::default());
}

#[test]
fn lxc_and_nspawn_have_names_alone() {
    for (id, name) in [
        ("web", "web"),
        (r"my\x2dbox", "my-box"),
        (r"a\x", r"a\x"),
        (r"\xzz", r"\xzz"),
    ] {
        let container = ContainerRef {
            id: id.to_owned(),
            ..container(Runtime::Nspawn)
        };
        assert_eq!(Host::new().ask(&container), facts(&[("name", name)]));
    }
}

fn docker_file() -> String {
    format!("/var/lib/docker/containers/{ID}/config.v2.json")
}
