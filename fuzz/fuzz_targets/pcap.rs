//! A capture, in pcap or pcapng.
#![no_main]

use std::collections::VecDeque;
use std::io::{self, Read};

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::inspect::{Damage, print_flows};

/// No frame of a flow is shorter, in any form of capture, than the headers of IPv4 and UDP.
const SMALLEST_FRAME: usize = 20 + 8;

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let whole = print(cuts.stream);
    let lines: Vec<Value> = whole
        .0
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an object"))
        .collect();
    assert!(
        lines.len() <= cuts.stream.len() / SMALLEST_FRAME,
        "more flows than packets"
    );
    for line in &lines {
        let name = line["name"].as_str();
        assert_eq!(name.is_some(), line["evidence"].is_string(), "{line}");
        name.into_iter().for_each(assert_host_name);
    }
    let slowly = Slowly(
        cuts.pieces_of(cuts.stream)
            .filter(|piece| !piece.is_empty())
            .collect(),
    );
    assert_eq!(print(slowly), whole, "the sizes of reads make no difference");
});

fn print(source: impl Read) -> (String, Option<Damage>) {
    let mut out = Vec::new();
    let damage = print_flows(source, &mut out).expect("a vector can be written to");
    (String::from_utf8(out).expect("lines are text"), damage)
}

/// Gives a piece at each read.
struct Slowly<'a>(VecDeque<&'a [u8]>);

impl Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.pop_front() else {
            return Ok(0);
        };
        let (now, later) = piece.split_at(piece.len().min(buffer.len()));
        if !later.is_empty() {
            self.0.push_front(later);
        }
        buffer[..now.len()].copy_from_slice(now);
        Ok(now.len())
    }
}
