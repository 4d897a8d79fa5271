//! Messages for tests, as hickory-proto writes them: with pointers, and in the case that they are given.

use std::net::IpAddr;

use hickory_resolver::proto::{
    op::{Edns, Message, OpCode, Query},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{
            A, AAAA, CNAME, HTTPS, SVCB,
            svcb::{EchConfigList, IpHint, SvcParamKey, SvcParamValue},
        },
    },
};

pub(crate) fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

/// A response to a question for `host`.
pub(crate) fn response(kind: RecordType, host: &str, answers: Vec<Record>) -> Message {
    let mut message = Message::response(7, OpCode::Query);
    message.add_query(Query::query(name(host), kind));
    message.add_answers(answers);
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    message.set_edns(edns);
    message
}

/// The message of a response to a question for the IPv4 addresses of `host`.
pub(crate) fn addresses(host: &str, addresses: &[(&str, u32)]) -> Vec<u8> {
    let records = addresses
        .iter()
        .map(|&(address, ttl)| address_of(host, address, ttl));
    response(RecordType::A, host, records.collect()).to_vec().unwrap()
}

pub(crate) fn address_of(owner: &str, address: &str, ttl: u32) -> Record {
    let data = match address.parse().unwrap() {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name(owner), ttl, data)
}

pub(crate) fn alias(owner: &str, target: &str, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
}

/// An `HTTPS` record with hints at `addresses` and with fronts.
pub(crate) fn https(owner: &str, target: &str, ttl: u32, addresses: &[&str], fronts: &[&str]) -> Record {
    let mut parameters = Vec::new();
    let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let v4 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(A(*address)),
        IpAddr::V6(_) => None,
    });
    let v6 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(AAAA(*address)),
    });
    parameters.push((
        SvcParamKey::Ipv4Hint,
        SvcParamValue::Ipv4Hint(IpHint(v4.collect())),
    ));
    if !fronts.is_empty() {
        let list = SvcParamValue::EchConfigList(EchConfigList(ech_configs(fronts)));
        parameters.push((SvcParamKey::EchConfigList, list));
    }
    parameters.push((
        SvcParamKey::Ipv6Hint,
        SvcParamValue::Ipv6Hint(IpHint(v6.collect())),
    ));
    let service = SVCB::new(1, name(target), parameters);
    Record::from_rdata(name(owner), ttl, RData::HTTPS(HTTPS(service)))
}

/// An `HTTPS` record in the mode of an alias.
pub(crate) fn https_alias(owner: &str, target: &str, ttl: u32) -> Record {
    let service = SVCB::new(0, name(target), Vec::new());
    Record::from_rdata(name(owner), ttl, RData::HTTPS(HTTPS(service)))
}

/// `ECHConfigList` (RFC 9849, section 4): a configuration for each front, behind one of a version that nobody knows.
pub(crate) fn ech_configs(fronts: &[&str]) -> Vec<u8> {
    let mut configs = vec![0xfe, 0x0a, 0, 2, 1, 2];
    for front in fronts {
        let contents = [
            &[9, 0, 0x20][..],
            &vector16(&[4; 32]),
            &vector16(&[0, 1, 0, 1]),
            &[0, u8::try_from(front.len()).unwrap()],
            front.as_bytes(),
            &vector16(&[]),
        ]
        .concat();
        configs.extend_from_slice(&[0xfe, 0x0d]);
        configs.extend_from_slice(&vector16(&contents));
    }
    vector16(&configs)
}

/// A message as it is in a stream.
pub(crate) fn vector16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&length.to_be_bytes()[..], content].concat()
}
