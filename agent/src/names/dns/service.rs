//! Records of services: `SVCB` and `HTTPS` (RFC 9460).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Kind, ech,
    name::{self, Name},
    record::Record,
};
use crate::names::{fields::Fields, host::HostName};

/// `SvcParamKey` of addresses and of the configuration for encrypted client hello (sections 7.3 and 14.3.2; RFC 9848).
const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
const IPV6_HINT: u16 = 6;
/// Length of the priority, before the target.
const PRIORITY: usize = 2;

/// What is read of a record. An alias says no more than its target.
#[derive(Default)]
pub(super) struct Service<'a> {
    /// Another name under which the service is; `None`: the record's owner.
    pub(super) target: Option<Name<'a>>,
    /// Addresses that it hints at.
    pub(super) hints: Vec<IpAddr>,
    /// Names of fronts.
    pub(super) public_names: Vec<HostName>,
}

impl Service<'_> {
    /// What is at an address, and nothing else is known of it.
    pub(super) fn at(address: Option<IpAddr>) -> Self {
        Self {
            hints: Vec::from_iter(address),
            ..Self::default()
        }
    }
}

/// What `record` says, as far as its form is right.
pub(super) fn read<'a>(record: &Record<'a>) -> Option<Service<'a>> {
    let (target, parameters) = record.name(PRIORITY)?;
    let mut service = Service {
        target: (!target.is_root()).then_some(target),
        ..Service::default()
    };
    let mut fields = Fields(parameters);
    while let (Some(key), Some(value)) = (fields.u16(), fields.vector16()) {
        match key {
            IPV4_HINT => service.hints.extend(addresses::<4, Ipv4Addr>(value)),
            IPV6_HINT => service.hints.extend(addresses::<16, Ipv6Addr>(value)),
            ECH => service.public_names.extend(ech::public_names(value)),
            _ => {}
        }
    }
    Some(service)
}

/// The host in a question of `kind` for `name`, which may begin with a port and a scheme (RFC 9460, section 9.1).
pub(super) fn host(name: Name<'_>, kind: Kind) -> Option<HostName> {
    let mut labels = name.labels();
    let has_port = matches!(kind, Kind::Svcb | Kind::Https)
        && labels.next().is_some_and(is_port)
        && labels
            .next()
            .is_some_and(|label| label.eq_ignore_ascii_case(b"_https"));
    name::host(if has_port { labels } else { name.labels() })
}

fn is_port(label: &[u8]) -> bool {
    matches!(label, [b'_', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
}

fn addresses<const LENGTH: usize, A: From<[u8; LENGTH]> + Into<IpAddr>>(
    value: &[u8],
) -> impl Iterator<Item = IpAddr> {
    let (whole, _) = value.as_chunks::<LENGTH>();
    whole.iter().map(|&bytes| A::from(bytes).into())
}
