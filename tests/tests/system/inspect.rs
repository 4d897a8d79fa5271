//! `inspect`, as a person runs it: flows to stdout, one sentence to stderr, a proper exit status.

use std::fs;
use std::process::Command;

use serde_json::Value;
use umbra_tests::machine::binary;
use umbra_tests::skip::{Need, ready, spared};

/// Little-endian pcap of raw IP packets.
const HEADER: &[u8] = &[
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0,
];
/// A SYN from 10.0.0.1:1024 to 10.0.0.2:443, 40 bytes, after the header of its record.
const SYN: &[u8] = &[
    0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 40, 0, 0, 0, //
    0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, //
    4, 0, 1, 0xbb, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0,
];

#[test]
fn inspect_prints_flows_and_says_in_a_sentence_what_is_wrong() {
    if spared("captures") {
        return;
    }
    if !ready(&[Need::Binary("umbra-agent")]) {
        return;
    }
    let whole = [HEADER, SYN].concat();
    let flow = "10.0.0.1:1024>10.0.0.2:443";
    let cut = [&whole[..], &SYN[..30]].concat();
    for (file, flows, sentence) in [
        (Some(&whole[..]), &[flow][..], None),
        (Some(HEADER), &[], None),
        (
            Some(&cut[..]),
            &[flow],
            Some("at byte 80 (whole packets before it: 1)"),
        ),
        (Some(b"GIF89a, and what else"), &[], Some("not a capture")),
        (None, &[], Some("cannot open the capture")),
    ] {
        let (code, out, err) = inspect(file);
        let seen: Vec<Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect();
        assert!(
            seen.iter().map(|line| &line["flow"]).eq(flows.iter()),
            "{out}{err}"
        );
        assert!(seen.iter().all(|line| line["name"].is_null()), "{out}");
        assert_eq!(code, Some(i32::from(sentence.is_some())), "{out}{err}");
        assert_eq!(err.lines().count(), usize::from(sentence.is_some()), "{err}");
        assert!(err.contains(sentence.unwrap_or_default()), "{err}");
    }
}

/// Exit code, stdout and stderr; the file is not there when it is `None`.
fn inspect(file: Option<&[u8]>) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("capture.pcap");
    if let Some(content) = file {
        fs::write(&path, content).expect("a temporary file");
    }
    let done = Command::new(binary("umbra-agent").expect("it is ready"))
        .arg("inspect")
        .arg(&path)
        .output()
        .expect("the agent runs");
    let [out, err] = [done.stdout, done.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (done.status.code(), out, err)
}
