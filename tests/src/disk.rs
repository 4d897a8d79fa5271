//! A small disk of a test's own, which it can fill.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::machine::output;

/// A file system in memory; it goes with the test.
#[derive(Debug)]
pub struct Disk(TempDir);

impl Disk {
    /// Makes one of a `size` as mount(8) takes it; that takes root.
    pub fn new(size: &str) -> Self {
        let disk = Self(tempfile::tempdir().expect("a temporary folder"));
        let size = format!("size={size}");
        output(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "none"])
                .arg(disk.path()),
        )
        .unwrap_or_else(|why| panic!("{why}"));
        disk
    }

    /// Its root.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all that is left of it.
    pub fn fill(&self) {
        let rest = self.rest();
        // Ends with the error that is wanted.
        let _ = output(
            Command::new("dd")
                .args(["if=/dev/zero", "bs=4096"])
                .arg(format!("of={}", rest.display())),
        );
        assert!(
            fs::metadata(rest).is_ok_and(|rest| rest.len() > 0),
            "the disk is full"
        );
    }

    /// Gives that back.
    pub fn make_room(&self) {
        fs::remove_file(self.rest()).expect("the file that fills the disk");
    }

    fn rest(&self) -> PathBuf {
        self.path().join("rest")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = output(Command::new("umount").arg("-l").arg(self.path()));
    }
}
