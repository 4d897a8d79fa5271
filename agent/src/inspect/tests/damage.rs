//! Files that are cut, changed, or no captures.

use std::io::{self, Read};

use proptest::prelude::*;
use serde_json::Value;

use super::{
    Damage, NAME, inspect, inspect_from,
    made::{Ng, RAW, SYN, at, pcap, syn},
    named,
};
use crate::names::tls::made::hello;

fn files() -> [Vec<u8>; 2] {
    let flight = hello(NAME);
    let packets = [syn(SYN), at(90, &flight[90..]), at(0, &flight[..90]), syn(SYN)];
    let ng = Ng(u32::to_le_bytes);
    let blocks: Vec<u8> = packets.iter().flat_map(|packet| ng.enhanced(0, packet)).collect();
    [
        pcap(RAW, &packets),
        [ng.section(), ng.interface(RAW), blocks].concat(),
    ]
}

#[test]
fn what_could_be_read_of_a_cut_file_is_printed() {
    for file in files() {
        assert_eq!(inspect(&file), (vec![named()], None));
        for length in 0..file.len() {
            let (lines, damage) = inspect(&file[..length]);
            match damage {
                Some(Damage::NotACapture) => assert!(length < 28 && lines.is_empty(), "{length}"),
                Some(Damage::Truncated { packets, byte }) => {
                    assert!(packets < 4 && byte <= length as u64, "{length}");
                }
                // Between two packets nothing is missing, as far as the form tells.
                None => {}
                other => panic!("{length}: {other:?}"),
            }
            for line in lines {
                assert!(line["name"].is_null() || line["name"] == NAME, "{length}");
            }
        }
        let (lines, damage) = inspect(&file[..file.len() - 1]);
        assert_eq!(lines, [named()], "the last packet adds nothing");
        let Some(damage @ Damage::Truncated { packets: 3, .. }) = damage else {
            panic!("{damage:?}");
        };
        let sentence = damage.to_string();
        assert!(sentence.contains("whole packets before it: 3"), "{sentence}");
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn a_packet_of_an_unheard_of_length_is_damage() {
    let mut file = pcap(RAW, &[at(0, &hello(NAME))]);
    let byte = file.len() as u64;
    file.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0x7f]);
    for more in [0, 20 << 20] {
        file.resize(file.len() + more, 0);
        let (lines, damage) = inspect(&file);
        assert_eq!(lines, [named()], "{more}");
        assert_eq!(damage, Some(Damage::Damaged { packets: 1, byte }), "{more}");
    }
}

#[test]
fn a_packet_that_is_longer_than_its_block_is_damage() {
    let ng = Ng(u32::to_le_bytes);
    let mut block = ng.enhanced(0, &at(0, &hello(NAME)));
    // Type and length, interface, time: then the length of what was captured.
    block[20..24].copy_from_slice(&4_000_u32.to_le_bytes());
    let head = [ng.section(), ng.interface(RAW)].concat();
    let byte = head.len() as u64;
    for follows in [0, 40] {
        let after = ng.enhanced(0, &syn(SYN)).repeat(follows);
        let (lines, damage) = inspect(&[&head[..], &block, &after].concat());
        assert_eq!(lines, [Value::Null; 0], "{follows}");
        assert_eq!(damage, Some(Damage::Damaged { packets: 0, byte }), "{follows}");
    }
}

#[test]
fn a_packet_of_an_interface_that_is_not_there_is_damage() {
    let ng = Ng(u32::to_be_bytes);
    let head = [ng.section(), ng.interface(RAW)].concat();
    let file = [&head[..], &ng.enhanced(1, &[0; 20])].concat();
    let byte = head.len() as u64;
    assert_eq!(
        inspect(&file),
        (vec![], Some(Damage::Damaged { packets: 0, byte }))
    );
}

#[test]
fn other_files_are_no_captures() {
    for file in [
        &b""[..],
        b"\x7fELF",
        b"# notes, which are long enough for a header\n",
    ] {
        assert_eq!(inspect(file), (vec![], Some(Damage::NotACapture)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn changed_files_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        for mut file in files() {
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            inspect(&file);
        }
    }

    #[test]
    fn the_sizes_of_reads_make_no_difference(
        size in 1..100_usize,
        end in any::<prop::sample::Index>(),
        change in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        for mut file in files() {
            if let Some((at, byte)) = change {
                let at = at.index(file.len());
                file[at] = byte;
            }
            file.truncate(end.index(file.len() + 1));
            let slowly = Slowly { file: &file, size };
            prop_assert_eq!(inspect_from(slowly), inspect(&file));
        }
    }

    #[test]
    fn changed_packets_do_no_harm(
        link in prop::sample::select(vec![0_u16, 1, 9, 51, 101, 113, 276]),
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..20),
    ) {
        inspect(&pcap(link, &frames));
    }
}

/// Gives no more than `size` bytes at a read.
struct Slowly<'a> {
    file: &'a [u8],
    size: usize,
}

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.size.min(buffer.len());
        self.file.read(&mut buffer[..most])
    }
}
