//! The way from the question through aliases to addresses; the records of it come in any order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Response,
    name::Name,
    record::{A, AAAA, CNAME, HTTPS, Record, SVCB},
    service::{self, Service},
};

/// Names on the ways from a question. Resolvers give up after about as many: BIND and Unbound after 11.
const MOST_NAMES: usize = 16;
/// Addresses that are taken from a response.
const MOST_ADDRESSES: usize = 128;
/// Fronts that are taken from a response.
const MOST_FRONTS: usize = 8;

/// Fills `response` with what `records` say of `question`.
pub(super) fn follow<'a>(question: Name<'a>, records: &[Record<'a>], response: &mut Response) {
    // Names that were found so far, each once, with the least seconds on the way to it.
    let mut reached = vec![(question, u32::MAX)];
    let mut number = 0;
    while let Some(&(name, kept)) = reached.get(number) {
        number += 1;
        for record in records.iter().filter(|record| record.owner == name) {
            let ttl = kept.min(record.ttl);
            let found = read(record);
            if let Some(target) = found.target
                && reached.iter().all(|(known, _)| *known != target)
                && reached.len() < MOST_NAMES
            {
                reached.push((target, ttl));
            }
            for address in found.hints {
                keep(&mut response.addresses, address, ttl, MOST_ADDRESSES);
            }
            for front in found.public_names {
                keep(&mut response.ech_public_names, front, ttl, MOST_FRONTS);
            }
        }
    }
}

/// What a record leads to. Addresses and aliases are services that say no more.
fn read<'a>(record: &Record<'a>) -> Service<'a> {
    match record.kind {
        A => Service::at(address::<4, Ipv4Addr>(record)),
        AAAA => Service::at(address::<16, Ipv6Addr>(record)),
        CNAME => Service {
            target: record.name(0).map(|(target, _)| target),
            ..Service::default()
        },
        SVCB | HTTPS => service::read(record).unwrap_or_default(),
        _ => Service::default(),
    }
}

/// The address that a record is.
fn address<const LENGTH: usize, Address>(record: &Record<'_>) -> Option<IpAddr>
where
    Address: From<[u8; LENGTH]> + Into<IpAddr>,
{
    let bytes = <[u8; LENGTH]>::try_from(record.data()).ok()?;
    Some(Address::from(bytes).into())
}

/// Adds `new` to `list`. What comes again, as hints do, may be kept for the longest of its times.
fn keep<T: PartialEq>(list: &mut Vec<(T, u32)>, new: T, ttl: u32, most: usize) {
    if let Some((_, known)) = list.iter_mut().find(|(known, _)| *known == new) {
        *known = ttl.max(*known);
    } else if list.len() < most {
        list.push((new, ttl));
    }
}
