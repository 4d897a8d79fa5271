//! The hello of every client, cut at every byte: into segments in any order, twice and overlapping, and into records.
//!
//! What a client says is written down, and `inspect`, which has the parsers of `run`, is given a capture of each cut.

use std::fs;
use std::process::Command;
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::clients::{CLIENTS, Call, FIREFOX, Tool};
use umbra_tests::machine::{binary, output};
use umbra_tests::nss;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};
use umbra_tests::wait::eventually;

use crate::names::{OPENAI, bed};

const PORT: u16 = 9443;
/// Writes down the first record of each connection, in hexadecimal digits.
const LISTENER: &str = "
import socket, sys
with socket.create_server(('127.0.0.1', int(sys.argv[1]))) as server:
    print('listening', flush=True)
    while True:
        client, _ = server.accept()
        client.settimeout(5)
        data = b''
        while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], 'big'):
            more = client.recv(65536)
            if not more:
                break
            data += more
        print('heard ' + data.hex(), flush=True)
        client.close()
";
/// Bytes of a record's header, which says its type, its version and its length.
const RECORD: usize = 5;

#[test]
fn every_client_s_hello_is_read_whatever_byte_it_is_cut_at() {
    if spared("hellos cut at every byte") {
        return;
    }
    let needs = [Need::Program("python3"), Need::Program("certutil")];
    let Some(bed) = bed(&needs) else { return };
    nss::trust(bed.dir(), &bed.authority(), "none.example");
    let mut listener = bed.command("python3");
    let mut listener = Process::start(listener.args(["-c", LISTENER, &PORT.to_string()]));
    listener.said("listening", Duration::from_secs(10));
    for client in CLIENTS.iter().chain([&FIREFOX]) {
        match client.tool() {
            Ok(tool) => {
                let hello = heard(&bed, &listener, &tool);
                let flows = read_in_pieces(&bed, &hello);
                println!("{:<11} {} bytes, {flows} cuts", client.name, hello.len());
            }
            Err(why) => skip(&format!("{}: {why}", client.name)),
        }
    }
}

/// The first record that a client sends; nobody answers it.
fn heard(bed: &TestBed, listener: &Process, tool: &Tool) -> Vec<u8> {
    let heard = || {
        let lines = listener.stdout.all().into_iter();
        let hellos = lines.filter_map(|line| line.strip_prefix("heard ").map(str::to_owned));
        hellos.collect::<Vec<_>>()
    };
    let before = heard().len();
    let call = Call {
        port: PORT,
        ..Call::to(OPENAI.name, "/")
    };
    let mut run = bed.start(tool, &call);
    let digits = eventually(Duration::from_secs(30), || {
        heard()
            .get(before)
            .cloned()
            .ok_or_else(|| "it says nothing".to_owned())
    });
    // It may try again; most fail, as they should.
    if run.process.ended().is_none() {
        run.process.kill();
    }
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Has every cut of a hello read, each in a flow of its own, and gives their number.
fn read_in_pieces(bed: &TestBed, hello: &[u8]) -> usize {
    let mut capture = Capture::default();
    for cut in 1..hello.len() {
        let (first, second, overlapping) = (
            (0, &hello[..cut]),
            (cut, &hello[cut..]),
            (cut / 2, &hello[cut / 2..]),
        );
        capture.flow(&[first, second]);
        capture.flow(&[second, first]);
        capture.flow(&[first, first, overlapping, second]);
        if cut > RECORD {
            let body = &hello[RECORD..];
            let records = [&body[..cut - RECORD], &body[cut - RECORD..]].map(|part| record(hello, part));
            capture.flow(&[(0, &records.concat())]);
        }
    }
    let file = bed.dir().join("cuts.pcap");
    fs::write(&file, &capture.bytes).expect("the bed's own folder");
    let agent = binary("umbra-agent").expect("it is ready");
    let printed = output(Command::new(agent).arg("inspect").arg(&file)).unwrap_or_else(|why| panic!("{why}"));
    let named = format!("\"name\":\"{}\",\"evidence\":\"tls_sni\"", OPENAI.name);
    for line in printed.lines() {
        assert!(
            line.contains(&named) && line.contains("\"complete\":true"),
            "{line}"
        );
    }
    assert_eq!(printed.lines().count(), capture.flows);
    capture.flows
}

/// A record with the type and version of a hello's.
fn record(hello: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a hello is short");
    [&hello[..3], &length.to_be_bytes(), body].concat()
}

/// A little-endian pcap of raw IP packets.
struct Capture {
    bytes: Vec<u8>,
    flows: usize,
}

impl Default for Capture {
    fn default() -> Self {
        let header = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0xffff, 101];
        Self {
            bytes: header.iter().flat_map(|number| number.to_le_bytes()).collect(),
            flows: 0,
        }
    }
}

impl Capture {
    /// Adds a flow: its SYN, and segments at these offsets of the stream.
    fn flow(&mut self, segments: &[(usize, &[u8])]) {
        self.flows += 1;
        let number = u32::try_from(self.flows).expect("few");
        self.packet(number, 0, 2, &[]);
        for (at, data) in segments {
            self.packet(
                number,
                1 + u32::try_from(*at).expect("a hello is short"),
                0x10,
                data,
            );
        }
    }

    /// Each flow has a client of its own (10.0.0.0/8).
    fn packet(&mut self, client: u32, sequence: u32, flags: u8, data: &[u8]) {
        let length = u16::try_from(40 + data.len()).expect("a hello is short");
        let [total_high, total_low] = length.to_be_bytes();
        let ip = [0x45, 0, total_high, total_low, 0, 0, 0, 0, 64, 6, 0, 0];
        let addresses = [(10 << 24 | client).to_be_bytes(), [192, 0, 2, 1]].concat();
        let tcp = [
            &[0x9c, 0x40, 1, 0xbb][..],
            &sequence.to_be_bytes(),
            &[0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        for number in [0, 0, u32::from(length), u32::from(length)] {
            self.bytes.extend(number.to_le_bytes());
        }
        for part in [&ip[..], &addresses, &tcp, data] {
            self.bytes.extend_from_slice(part);
        }
    }
}
