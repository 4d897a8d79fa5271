//! A corpus made here, scored by the agent's own reader.

use std::fs;
use std::path::Path;

use etherparse::PacketBuilder;
use umbra_agent::inspect::inspect;

use super::super::printed::{self, Printed};
use super::super::{score, truth};
use super::made::row;

/// `LINKTYPE_RAW`: packets without a link layer.
const RAW: u32 = 101;

#[test]
fn a_corpus_in_a_folder_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        row("tls", "::1:40000>::2:443", "a.example", "both", "-"),
        row("tls", "::3:40000>::2:443", "b.example", "both", "-"),
    ];
    fs::write(folder.path().join(truth::FILE), rows.join("\n")).unwrap();
    fs::create_dir(folder.path().join("r")).unwrap();
    let packets = [segment(1, &hello(b"A.example")), segment(3, &hello(b"c.example"))];
    fs::write(folder.path().join("r/f.pcap"), pcap(&packets)).unwrap();

    let rows = truth::read(folder.path()).unwrap();
    let score = score(&rows, |file| printed_of(&folder.path().join(file))).unwrap();

    let found: Vec<_> = score.judgements.iter().map(|it| it.found).collect();
    assert_eq!(found, [true, false]);
    let false_names: Vec<_> = score
        .false_names()
        .map(|(_, line)| line.name.as_deref())
        .collect();
    assert_eq!(false_names, [Some("c.example")]);
}

#[test]
fn a_capture_that_is_not_there_is_said() {
    let rows = truth::parse(&row("tls", "::1:1>::2:2", "-", "both", "-")).unwrap();
    let none = |file: &Path| printed::of(Path::new("umbra-agent"), file);
    let error = score(&rows, none).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "cannot score r/f.pcap: there is no file r/f.pcap"
    );
}

fn printed_of(capture: &Path) -> anyhow::Result<Printed> {
    let mut out = Vec::new();
    inspect(capture, &mut out)?;
    Ok(Printed {
        lines: printed::parse(&String::from_utf8(out)?)?,
        problem: None,
    })
}

/// A segment from port 40000 of the address that ends in `client`.
fn segment(client: u8, data: &[u8]) -> Vec<u8> {
    let address = |last| [&[0; 15][..], &[last]].concat().try_into().unwrap();
    let step = PacketBuilder::ipv6(address(client), address(2), 64).tcp(40_000, 443, 1, 1000);
    let mut packet = Vec::new();
    step.write(&mut packet, data).unwrap();
    packet
}

/// A record with a hello that has a server name and nothing else.
fn hello(name: &[u8]) -> Vec<u8> {
    let list = vector(&[&[0][..], &vector(name)].concat());
    let extensions = vector(&[&[0, 0][..], &vector(&list)].concat());
    let body = [
        &[3, 3][..],
        &[7; 32],
        &[0],
        &vector(&[0x13, 0x01]),
        &[1, 0],
        &extensions,
    ]
    .concat();
    let message = [&[1, 0][..], &vector(&body)].concat();
    [&[22, 3, 1][..], &vector(&message)].concat()
}

fn vector(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&length.to_be_bytes()[..], content].concat()
}

fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file: Vec<u8> = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, RAW]
        .iter()
        .flat_map(|field: &u32| field.to_le_bytes())
        .collect();
    for packet in packets {
        let length = u32::try_from(packet.len()).unwrap();
        file.extend(
            [1, 2, length, length]
                .iter()
                .flat_map(|field| field.to_le_bytes()),
        );
        file.extend_from_slice(packet);
    }
    file
}
