//! Sums that tell what was written from what a disk or memory made of it.

use uuid::Uuid;

/// CRC-32 of a record's body with its epoch and number: a body that is found under another number is wrong, too.
pub(super) fn of_record(epoch: Uuid, sequence: u64, body: &[u8]) -> i64 {
    of(epoch, &[sequence], body)
}

/// CRC-32 of what table `spool` says.
pub(super) fn of_head(epoch: Uuid, first: u64, next: u64) -> i64 {
    of(epoch, &[first, next], &[])
}

fn of(epoch: Uuid, numbers: &[u64], body: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(epoch.as_bytes());
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(body);
    hasher.finalize().into()
}
