//! Records of a message (RFC 1035, section 4.1.3).

use super::{INTERNET, name::Name};
use crate::names::fields::Fields;

/// Types of the records that lead to addresses.
pub(super) const A: u16 = 1;
pub(super) const CNAME: u16 = 5;
pub(super) const AAAA: u16 = 28;
pub(super) const SVCB: u16 = 64;
pub(super) const HTTPS: u16 = 65;

/// Records that are read of a message. It bounds the work; 500 addresses of one name are not seen in practice.
const MOST: usize = 512;

/// A record.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) owner: Name<'a>,
    pub(super) kind: u16,
    /// Seconds for which it may be kept.
    pub(super) ttl: u32,
    message: &'a [u8],
    /// Where its data begins, and its length.
    data: (usize, usize),
}

impl<'a> Record<'a> {
    /// Its data.
    pub(super) fn data(&self) -> &'a [u8] {
        let (at, length) = self.data;
        self.message
            .get(at..)
            .and_then(|rest| rest.get(..length))
            .unwrap_or_default()
    }

    /// The name at `offset` of its data, and what follows it there.
    pub(super) fn name(&self, offset: usize) -> Option<(Name<'a>, &'a [u8])> {
        let (name, after) = Name::read(self.message, self.data.0 + offset)?;
        let rest = self.data().get(after - self.data.0..)?;
        Some((name, rest))
    }
}

/// The records that lead to addresses, from offset `at` of `message` on, and whether some are missing.
///
/// `counts` are those of answers, authorities and additional records. Authorities lead to servers of the DNS only.
pub(super) fn read(message: &[u8], mut at: usize, counts: [u16; 3]) -> (Vec<Record<'_>>, bool) {
    let [answers, authorities, _] = counts.map(usize::from);
    let all: usize = counts.map(usize::from).iter().sum();
    let mut records = Vec::new();
    for number in 0..all.min(MOST) {
        let Some((record, class)) = next(message, &mut at) else {
            return (records, true);
        };
        let is_authority = (answers..answers + authorities).contains(&number);
        let leads_on = matches!(record.kind, A | CNAME | AAAA | SVCB | HTTPS);
        if leads_on && class == INTERNET && !is_authority {
            records.push(record);
        }
    }
    (records, all > MOST)
}

/// The record at `at`, which moves on to the next one, and its class.
fn next<'a>(message: &'a [u8], at: &mut usize) -> Option<(Record<'a>, u16)> {
    let (owner, after) = Name::read(message, *at)?;
    let mut fields = Fields(message.get(after..)?);
    let kind = fields.u16()?;
    let class = fields.u16()?;
    let ttl = (u32::from(fields.u16()?) << 16) | u32::from(fields.u16()?);
    let data = fields.vector16()?;
    *at = message.len() - fields.0.len();
    let record = Record {
        owner,
        kind,
        // The highest bit has to be 0; if it is not, the value is to be taken for 0 (RFC 2181, section 8).
        ttl: if ttl > i32::MAX.unsigned_abs() { 0 } else { ttl },
        message,
        data: (*at - data.len(), data.len()),
    };
    Some((record, class))
}
