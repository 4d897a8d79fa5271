//! What lies in another process's memory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// Bytes that are looked at in one go.
const CHUNK: usize = 1024 * 1024;

/// The words of so many bytes that begin with `prefix`, in all memory of a process that somebody may write to: its own,
/// and what it shares with the kernel. Files that are only read are left out.
pub fn words(pid: u32, prefix: &str, length: usize) -> BTreeSet<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("a process of ours");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("root may read it");
    let mut found = BTreeSet::new();
    for line in maps.lines() {
        let mut words = line.split(' ');
        let (range, may) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !may.starts_with('r') || !may.contains(['w', 's']) {
            continue;
        }
        let ends = range.split('-').map(|end| u64::from_str_radix(end, 16));
        let ends: Vec<_> = ends.collect::<Result<_, _>>().expect("two addresses");
        let mut rest = Vec::new();
        let mut at = ends[0];
        while at < ends[1] {
            let left = usize::try_from(ends[1] - at).unwrap_or(CHUNK).min(CHUNK);
            let mut bytes = vec![0; left];
            // Some of what is mapped cannot be read: what devices show.
            let Ok(read @ 1..) = memory.read_at(&mut bytes, at) else {
                break;
            };
            at += read as u64;
            // A word may lie across the border.
            rest.extend_from_slice(&bytes[..read]);
            search(&rest, prefix.as_bytes(), length, &mut found);
            rest.drain(..rest.len().saturating_sub(length));
        }
    }
    found
}

fn search(bytes: &[u8], prefix: &[u8], length: usize, found: &mut BTreeSet<String>) {
    let Some(&first) = prefix.first() else { return };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(prefix) && rest.len() >= length {
            found.insert(String::from_utf8_lossy(&rest[..length]).into_owned());
        }
        rest = &rest[1..];
    }
}
