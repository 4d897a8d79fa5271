//! Hashes of files, each version of a file once.

use std::{
    io::Read as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ring::digest::{Context, SHA256};
use rustix::fs::{Advice, fadvise, fstat, fstatfs};

use super::{FileId, HASHED_MAX, Opened, Recent, Sha256, Unhashed};

/// Half of the hashes remembered, of about 100 bytes each.
const HALF: usize = 2_048;
/// Read at once.
const CHUNK: usize = 128 * 1024;
/// A file that changed this lately may change again under the same time: the kernel's clock for files ticks every 1 to
/// 10 ms, other file systems' every 2 s.
const SETTLED: Duration = Duration::from_secs(3);

/// File systems that ask another machine or a program (statfs(2)): NFS, CIFS, SMB2, FUSE, AFS, Ceph, Coda, 9p.
const REMOTE: [u32; 8] = [
    0x6969,
    0xff53_4d42,
    0xfe53_4d42,
    0x6573_5546,
    0x5346_414f,
    0x00c3_6400,
    0x7375_7245,
    0x0102_1997,
];

/// Hashes, and remembers them.
pub(super) struct Digests {
    known: Recent<FileId, Sha256>,
    buffer: Vec<u8>,
}

impl Default for Digests {
    fn default() -> Self {
        Self {
            known: Recent::new(HALF),
            buffer: Vec::new(),
        }
    }
}

impl Digests {
    /// SHA-256 of the file's content.
    pub(super) fn of(&mut self, opened: &Opened) -> Result<Sha256, Unhashed> {
        if u64::try_from(opened.stat.st_size).is_ok_and(|size| size > HASHED_MAX) {
            return Err(Unhashed::TooLarge);
        }
        let id = opened.id();
        if let Some(known) = self.known.get(&id) {
            return Ok(known);
        }
        let kind = fstatfs(&opened.file).map_err(|_| Unhashed::Unreadable)?.f_type;
        if REMOTE.iter().any(|remote| i64::from(*remote) == kind) {
            return Err(Unhashed::Remote);
        }
        let digest = self.read(opened)?;
        let after = fstat(&opened.file).map_err(|_| Unhashed::Unreadable)?;
        if FileId::of(&after) != id {
            return Err(Unhashed::Gone);
        }
        if is_settled(after.st_ctime) {
            self.known.insert(id, digest);
        }
        Ok(digest)
    }

    fn read(&mut self, opened: &Opened) -> Result<Sha256, Unhashed> {
        // Read once, in order: Linux 6.3 on keeps it from pushing out what others use.
        for advice in [Advice::Sequential, Advice::NoReuse] {
            fadvise(&opened.file, 0, None, advice).ok();
        }
        self.buffer.resize(CHUNK, 0);
        let mut context = Context::new(&SHA256);
        let mut file = (&opened.file).take(HASHED_MAX + 1);
        let mut total = 0;
        loop {
            let length = file.read(&mut self.buffer).map_err(|_| Unhashed::Unreadable)?;
            if length == 0 {
                break;
            }
            context.update(&self.buffer[..length]);
            total += length as u64;
        }
        if total > HASHED_MAX {
            return Err(Unhashed::TooLarge);
        }
        let digest = context.finish();
        digest
            .as_ref()
            .try_into()
            .map(Sha256)
            .map_err(|_| Unhashed::Unreadable)
    }
}

fn is_settled(changed: i64) -> bool {
    let changed = Duration::from_secs(u64::try_from(changed).unwrap_or(0));
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .is_ok_and(|now| now.saturating_sub(changed) > SETTLED)
}
