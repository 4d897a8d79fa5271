use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

/// Whom to ask what containers are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Containers {
    /// Whether anybody is asked, and files of runtimes are read.
    pub enabled: bool,
    /// Docker's socket.
    pub docker_socket: PathBuf,
    /// podman's socket.
    pub podman_socket: PathBuf,
    /// containerd's socket.
    pub containerd_socket: PathBuf,
    /// CRI-O's socket.
    pub crio_socket: PathBuf,
    /// The kubelet's read-only port; `None`: it is not asked.
    pub kubelet: Option<SocketAddr>,
}

impl Default for Containers {
    fn default() -> Self {
        Self {
            enabled: true,
            docker_socket: "/run/docker.sock".into(),
            podman_socket: "/run/podman/podman.sock".into(),
            containerd_socket: "/run/containerd/containerd.sock".into(),
            crio_socket: "/run/crio/crio.sock".into(),
            kubelet: None,
        }
    }
}
