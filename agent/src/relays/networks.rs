//! Programs that carry the traffic of other network namespaces through sockets of their own: the networks of rootless
//! containers. Each connection in there is one of theirs out here.

use std::{fs, os::unix::fs::MetadataExt as _};

use crate::system_program;

/// By their files. passt and pasta are one program, which has another file for processors with AVX2.
const NETWORKS: [&str; 6] = [
    "slirp4netns",
    "pasta",
    "pasta.avx2",
    "passt",
    "passt.avx2",
    "vpnkit",
];

/// Whether `executable` is such a program.
pub(super) fn is_one(executable: &str) -> bool {
    system_program::is_one_of(executable, &NETWORKS)
}

/// Inode number of our own network namespace, which is the host's; 0: not known.
pub(super) fn own() -> u32 {
    let namespace = fs::metadata("/proc/self/ns/net").ok();
    namespace
        .and_then(|namespace| u32::try_from(namespace.ino()).ok())
        .unwrap_or(0)
}
