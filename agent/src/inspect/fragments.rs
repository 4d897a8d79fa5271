//! Puts fragmented IP datagrams together, within bounds.

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
};

use etherparse::{IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxIpSlice, defrag::IpDefragBuf};

/// Datagrams that are put together at the same time. Each is 64 KiB at most, so this bounds the memory to 16 MiB.
const MOST: usize = 256;
/// Pieces of a datagram with gaps between them.
const MOST_GAPS: usize = 256;
/// Seconds for which the fragments of a datagram are waited for, as Linux does (`ipfrag_time`).
const PATIENCE: u64 = 30;

/// What the fragments of one datagram have in common (RFC 791, section 3.2; RFC 8200, section 4.5).
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    from: IpAddr,
    to: IpAddr,
    identification: u32,
    protocol: IpNumber,
}

/// Datagrams of which fragments are missing.
#[derive(Default)]
pub(super) struct Fragments {
    begun: HashMap<Key, (IpDefragBuf, u64)>,
    /// The keys of `begun` in the order of their first fragments.
    order: VecDeque<Key>,
}

impl Fragments {
    /// Takes a fragment; gives the payload of its datagram when that is whole now.
    pub(super) fn take(&mut self, ip: &LaxIpSlice<'_>, seconds: u64) -> Option<Vec<u8>> {
        let payload = ip.payload();
        let (identification, offset, more) = place(ip)?;
        if payload.incomplete {
            // Cut by the capture: what is missing cannot be told from what is at the end.
            return None;
        }
        let key = Key {
            from: ip.source_addr(),
            to: ip.destination_addr(),
            identification,
            protocol: payload.ip_number,
        };
        if self
            .begun
            .get(&key)
            .is_some_and(|(_, since)| since.abs_diff(seconds) > PATIENCE)
        {
            self.forget(&key);
        }
        if !self.begun.contains_key(&key) {
            self.order.push_back(key.clone());
        }
        let (datagram, _) = self.begun.entry(key.clone()).or_insert_with(|| {
            let empty = IpDefragBuf::new(payload.ip_number, Vec::new(), Vec::new());
            (empty, seconds)
        });
        let broken =
            datagram.add(offset, more, payload.payload).is_err() || datagram.sections().len() > MOST_GAPS;
        let complete = datagram.is_complete();
        if broken {
            self.forget(&key);
            return None;
        }
        if complete {
            return self.forget(&key).map(|datagram| datagram.take_bufs().0);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.begun.remove(&oldest);
        }
        None
    }

    fn forget(&mut self, key: &Key) -> Option<IpDefragBuf> {
        self.order.retain(|other| other != key);
        self.begun.remove(key).map(|(datagram, _)| datagram)
    }
}

/// Identification, offset, and whether more fragments follow.
fn place(ip: &LaxIpSlice<'_>) -> Option<(u32, IpFragOffset, bool)> {
    match ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((
                header.identification().into(),
                header.fragments_offset(),
                header.more_fragments(),
            ))
        }
        LaxIpSlice::Ipv6(ip) => ip.extensions().clone().into_iter().find_map(|extension| {
            let Ipv6ExtensionSlice::Fragment(fragment) = extension else {
                return None;
            };
            Some((
                fragment.identification(),
                fragment.fragment_offset(),
                fragment.more_fragments(),
            ))
        }),
    }
}
