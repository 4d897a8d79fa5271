//! An image that is made by hand, because no registry is asked in tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::folder;
use crate::machine::output;

/// What it is called.
pub const REFERENCE: &str = "registry.test/umbra/client:1.2";

/// An archive as `docker save` writes it ("Docker Image Specification" 1.2): podman and containerd load it.
#[derive(Debug)]
pub struct Image(TempDir);

impl Image {
    /// One layer, with these files at its root.
    pub fn of(files: &[&Path]) -> Result<Self, String> {
        let image = Self(folder());
        let layer = image.0.path().join("layer.tar");
        let mut tar = Command::new("tar");
        tar.args(["--create", "--owner=0", "--group=0", "--file"])
            .arg(&layer);
        for file in files {
            let folder = file.parent().ok_or("a file has a folder")?;
            tar.arg("--directory").arg(folder).args(file.file_name());
        }
        output(&mut tar)?;
        let sum = output(Command::new("sha256sum").arg(&layer))?;
        let digest = sum.split(' ').next().unwrap_or_default();
        image.write(
            "config.json",
            &json!({
                "architecture": "amd64",
                "os": "linux",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
            }),
        )?;
        image.write(
            "manifest.json",
            &json!([{"Config": "config.json", "RepoTags": [REFERENCE], "Layers": ["layer.tar"]}]),
        )?;
        let mut tar = Command::new("tar");
        tar.arg("--create").arg("--file").arg(image.archive());
        tar.arg("--directory").arg(image.0.path());
        output(tar.args(["manifest.json", "config.json", "layer.tar"]))?;
        Ok(image)
    }

    /// The archive.
    pub fn archive(&self) -> PathBuf {
        self.0.path().join("image.tar")
    }

    fn write(&self, name: &str, value: &serde_json::Value) -> Result<(), String> {
        let path = self.0.path().join(name);
        fs::write(&path, value.to_string()).map_err(|error| format!("{}: {error}", path.display()))
    }
}
