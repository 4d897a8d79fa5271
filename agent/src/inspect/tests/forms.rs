//! Every form of file, link layer and IP gives the same flow.

use super::{
    Damage, NAME, inspect, line, lines,
    made::{Ng, RAW, at, fragments_ipv4, fragments_ipv6, ipv6, pcap, pcap_with, syn},
    named,
};
use crate::names::tls::made::hello;

const ORDERS: [fn(u32) -> [u8; 4]; 2] = [u32::to_le_bytes, u32::to_be_bytes];

#[test]
fn pcap_in_both_orders_with_both_clocks() {
    for order in ORDERS {
        for magic in [0xa1b2_c3d4, 0xa1b2_3c4d] {
            let file = pcap_with(magic, order, RAW, &[at(0, &hello(NAME))]);
            assert_eq!(inspect(&file), (vec![named()], None), "{magic:x}");
        }
    }
}

#[test]
fn pcapng_with_each_kind_of_packet() {
    let packet = at(0, &hello(NAME));
    for ng in ORDERS.map(Ng) {
        let other = [ng.section(), ng.interface(147)].concat();
        for file in [
            [&other[..], &ng.interface(RAW), &ng.enhanced(1, &packet)].concat(),
            [&other[..], &ng.interface(RAW), &ng.obsolete(1, &packet)].concat(),
            [&ng.section()[..], &ng.interface(RAW), &ng.simple(&packet)].concat(),
        ] {
            assert_eq!(inspect(&file), (vec![named()], None));
        }
    }
}

#[test]
fn pcapng_with_sections_in_different_orders() {
    let flight = hello(NAME);
    let (first, second) = flight.split_at(70);
    let mut file = Vec::new();
    for (ng, packet) in ORDERS.map(Ng).into_iter().zip([at(0, first), at(70, second)]) {
        file.extend(ng.section());
        file.extend(ng.interface(RAW));
        file.extend(ng.block(0x0bad, b"not known"));
        file.extend(ng.enhanced(0, &packet));
    }
    assert_eq!(inspect(&file), (vec![named()], None));
}

#[test]
fn a_large_block_is_read_as_well() {
    let ng = Ng(u32::to_le_bytes);
    let large = ng.block(0x0bad, &vec![1; 3 << 20]);
    let packet = ng.enhanced(0, &at(0, &hello(NAME)));
    let file = [ng.section(), large, ng.interface(RAW), packet].concat();
    assert_eq!(inspect(&file), (vec![named()], None));
}

#[test]
fn every_link_layer() {
    let packet = at(0, &hello(NAME));
    let (ethernet, tag) = ([1; 12], [0, 5]);
    let pppoe = [&[0x88, 0x64, 0x11, 0, 0, 1, 0, 0][..], &[0, 0x21]].concat();
    for (link, header) in [
        (0, vec![2, 0, 0, 0]),
        (108, vec![0, 0, 0, 2]),
        (1, [&ethernet[..], &[8, 0]].concat()),
        (1, [&ethernet[..], &[0x81, 0], &tag, &[8, 0]].concat()),
        (
            1,
            [&ethernet[..], &[0x88, 0xa8], &tag, &[0x81, 0], &tag, &[8, 0]].concat(),
        ),
        (1, [&ethernet[..], &pppoe].concat()),
        (1, [&ethernet[..], &[0x81, 0], &tag, &pppoe].concat()),
        (9, vec![0xff, 3, 0, 0x21]),
        (51, pppoe[2..].to_vec()),
        (101, vec![]),
        (12, vec![]),
        (228, vec![]),
        (113, [&[0; 14][..], &[8, 0]].concat()),
        (276, [&[8, 0][..], &[0; 18]].concat()),
    ] {
        let mut frame = [&header[..], &packet].concat();
        // Short frames are padded; the padding is not data.
        frame.extend_from_slice(&[0xee; 7]);
        let file = pcap(link, &[frame.clone()]);
        assert_eq!(inspect(&file), (vec![named()], None), "{link} {header:x?}");
        for length in 0..header.len() {
            let (lines, damage) = inspect(&pcap(link, &[frame[..length].to_vec()]));
            assert_eq!((lines, damage), (vec![], None), "{link}, {length} bytes");
        }
    }
}

#[test]
fn a_link_layer_that_is_not_read_is_told() {
    let ng = Ng(u32::to_le_bytes);
    let strange = [
        ng.section(),
        ng.interface(147),
        ng.interface(RAW),
        ng.enhanced(0, b"?"),
    ]
    .concat();
    let file = [strange, ng.enhanced(1, &at(0, &hello(NAME)))].concat();
    let (lines, damage) = inspect(&file);
    assert_eq!(lines, [named()]);
    assert_eq!(damage, Some(Damage::Link { link: 147, packet: 1 }));
}

#[test]
fn addresses_of_ipv6_are_in_brackets() {
    let packet = ipv6(&hello(NAME));
    assert_eq!(lines(&[packet]), [line("[::1]:1>[::2]:2", Some(NAME), true)]);
}

#[test]
fn fragments_in_any_order_are_put_together() {
    let flight = hello(NAME);
    let (ipv4, ipv6) = (at(0, &flight), ipv6(&flight));
    for length in [8, 64, 200] {
        let mut fragments = fragments_ipv4(&ipv4, length);
        assert_eq!(lines(&fragments), [named()], "{length}");
        fragments.reverse();
        assert_eq!(lines(&fragments), [named()], "{length}");
        let mut fragments = fragments_ipv6(&ipv6, length);
        fragments.reverse();
        let seen = lines(&fragments);
        assert_eq!(seen, [line("[::1]:1>[::2]:2", Some(NAME), true)], "{length}");
        fragments.pop();
        assert!(lines(&fragments).is_empty());
    }
}

#[test]
fn fragments_are_not_waited_for_without_end() {
    let packet = at(0, &hello(NAME));
    let halves = fragments_ipv4(&packet, 64);
    let mut packets = vec![halves[0].clone()];
    for number in 0..400_u16 {
        let mut other = halves[0].clone();
        other[4..6].copy_from_slice(&(number + 1000).to_be_bytes());
        packets.push(other);
    }
    packets.extend_from_slice(&halves[1..]);
    packets.push(syn(1));
    assert_eq!(lines(&packets).len(), 1, "only the SYN");
}
