//! The way from the question through aliases to addresses; the records of it come in any order.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Response,
    name::Name,
    record::{A, AAAA, CNAME, HTTPS, Record, SVCB},
    service,
};

/// Names on the ways from a question. Resolvers give up after about as many: BIND and Unbound after 11.
const MOST_NAMES: usize = 16;
/// Addresses that are taken from a response.
const MOST_ADDRESSES: usize = 128;
/// Fronts that are taken from a response.
const MOST_FRONTS: usize = 8;

/// Names that were found so far, each once, with the least seconds on the way to it.
struct Reached<'a>(Vec<(Name<'a>, u32)>);

/// Fills `response` with what `records` say of `question`.
pub(super) fn follow<'a>(question: Name<'a>, records: &[Record<'a>], response: &mut Response) {
    let mut reached = Reached(vec![(question, u32::MAX)]);
    let mut number = 0;
    while let Some(&(name, kept)) = reached.0.get(number) {
        number += 1;
        for record in records.iter().filter(|record| record.owner == name) {
            let ttl = kept.min(record.ttl);
            match record.kind {
                A => response.add(address::<4, Ipv4Addr>(record), ttl),
                AAAA => response.add(address::<16, Ipv6Addr>(record), ttl),
                CNAME => reached.add(record.name(0).map(|(target, _)| target), ttl),
                SVCB | HTTPS => {
                    let service = service::read(record).unwrap_or_default();
                    reached.add(service.target, ttl);
                    for hint in service.hints {
                        response.add(Some(hint), ttl);
                    }
                    for front in service.public_names {
                        let is_known = response.ech_public_names.contains(&front);
                        if !is_known && response.ech_public_names.len() < MOST_FRONTS {
                            response.ech_public_names.push(front);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'a> Reached<'a> {
    fn add(&mut self, name: Option<Name<'a>>, ttl: u32) {
        let new = name.filter(|new| self.0.iter().all(|(known, _)| known != new));
        if let Some(name) = new
            && self.0.len() < MOST_NAMES
        {
            self.0.push((name, ttl));
        }
    }
}

impl Response {
    /// Adds an address. One that comes again, as a hint does, may be kept for the longest of its times.
    fn add(&mut self, address: Option<IpAddr>, ttl: u32) {
        let Some(address) = address else {
            return;
        };
        if let Some((_, known)) = self.addresses.iter_mut().find(|(known, _)| *known == address) {
            *known = ttl.max(*known);
        } else if self.addresses.len() < MOST_ADDRESSES {
            self.addresses.push((address, ttl));
        }
    }
}

fn address<const LENGTH: usize, Address: From<[u8; LENGTH]> + Into<IpAddr>>(
    record: &Record<'_>,
) -> Option<IpAddr> {
    let bytes = <[u8; LENGTH]>::try_from(record.data()).ok()?;
    Some(Address::from(bytes).into())
}
