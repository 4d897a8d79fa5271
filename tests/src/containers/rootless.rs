//! podman of a user without rights, with all that it keeps in a folder of the test's own.

use std::fs;

use tempfile::TempDir;

use super::{Image, REFERENCE, apart, folder};
use crate::bed::TestBed;
use crate::process::Process;

/// Makes the user, in an /etc that only this command sees, and goes on as that user.
const AS_USER: &str = "uid=$0 folder=$1 && shift \
     && cp -a /etc /run/etc && mount --bind /run/etc /etc \
     && echo \"umbra-t:x:$uid:$uid::$folder:/bin/sh\" >> /etc/passwd && echo \"umbra-t:x:$uid:\" >> /etc/group \
     && echo umbra-t:700000:65536 > /etc/subuid && echo umbra-t:700000:65536 > /etc/subgid \
     && chown -R \"$uid:$uid\" \"$folder\" && cd \"$folder\" \
     && export HOME=\"$folder\" XDG_RUNTIME_DIR=\"$folder\" \
     && exec setpriv --reuid \"$uid\" --regid \"$uid\" --clear-groups sh -c \"$@\"";

/// Loads the image and runs the container; at last it ends the process that keeps the user's namespace.
const RUN: &str = "podman() { \
         command podman --storage-driver vfs --cgroup-manager cgroupfs --runtime runc --events-backend none \"$@\"; \
     } && podman load --quiet --input image.tar && podman run --rm --network host --name \"$@\"; \
     status=$? && podman system migrate && exit $status";

/// A user's podman; its folder goes when it is dropped.
#[derive(Debug)]
pub struct RootlessPodman(TempDir);

impl RootlessPodman {
    /// With an image to load.
    pub fn new(image: &Image) -> Result<Self, String> {
        let dir = folder();
        fs::copy(image.archive(), dir.path().join("image.tar"))
            .map_err(|error| format!("{}: {error}", dir.path().display()))?;
        Ok(Self(dir))
    }

    /// `uid`, which need not have an account, starts a container of that name in the bed's network; it is removed when it
    /// ends. A host with control groups of v1 gives it none of its own.
    pub fn start(&self, bed: &TestBed, uid: u32, name: &str, program: &[&str]) -> Process {
        let mut command = apart(&bed.network());
        command
            .args(["sh", "-c", AS_USER, &uid.to_string()])
            .arg(self.0.path());
        Process::start(command.args([RUN, "sh", name, REFERENCE]).args(program))
    }
}
