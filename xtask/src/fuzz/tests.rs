use super::log::{Figures, Found, Log};
use super::{command, table, targets};
use crate::{shell, workspace};

const GOOD: &str = "\
INFO: Seed: 1
INFO: Loaded 1 modules   (6449 inline 8-bit counters): 6449 [0x56429f83af58, 0x56429f83c889),
INFO: Loaded 1 PC tables (6449 PCs): 6449 [0x56429f83c890,0x56429f855ba0),
#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 28Mb
#1589606\tREDUCE cov: 1645 ft: 4818 corp: 1059/361Kb lim: 6668 exec/s: 26493 rss: 48Mb L: 501/3922 MS: 2 ChangeBit-
#1590836\tDONE   cov: 1646 ft: 4818 corp: 1060/361Kb lim: 6680 exec/s: 26079 rss: 48Mb
Done 1590836 runs in 61 second(s)
stat::number_of_executed_units: 1590836
";

#[test]
fn figures_are_those_of_the_end() {
    let log = Log::new(GOOD.to_owned(), true);
    let figures = Figures {
        executions: 1_590_836,
        per_second: 26_079,
        edges: 1646,
        of: 6449,
        inputs: 1060,
    };
    assert_eq!(log.found(), None);
    assert_eq!(log.figures(), figures);
    let line = table::line("pcap", &figures);
    assert_eq!(
        line,
        "pcap           1590836        26079    1646 of 6449          1060"
    );
    assert_eq!(line.len(), table::HEADING.len());
}

#[test]
fn a_panic_is_told_with_its_message_and_input() {
    let text = "\
#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 28Mb

thread '<unnamed>' (4339) panicked at fuzz_targets/pcap.rs:40:5:
assertion `left == right` failed: the sizes of reads make no difference
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
==3514== ERROR: libFuzzer: deadly signal
SUMMARY: libFuzzer: deadly signal
artifact_prefix='/r/fuzz/artifacts/pcap/'; Test unit written to /r/fuzz/artifacts/pcap/crash-d2
";
    let log = Log::new(text.to_owned(), false);
    let what = "\
fuzz_targets/pcap.rs:40:5:
  assertion `left == right` failed: the sizes of reads make no difference
    left: 1
   right: 2";
    assert_eq!(
        log.found(),
        Some(Found {
            what: what.to_owned(),
            input: Some("/r/fuzz/artifacts/pcap/crash-d2"),
        })
    );
}

#[test]
fn what_is_too_slow_or_too_large_is_told() {
    let text = "==1== ERROR: libFuzzer: timeout after 5 seconds\nSUMMARY: libFuzzer: timeout\n\
                Test unit written to a/timeout-1\n";
    let log = Log::new(text.to_owned(), false);
    let found = log.found().unwrap();
    assert_eq!(
        (found.what.as_str(), found.input),
        ("libFuzzer: timeout", Some("a/timeout-1"))
    );
}

#[test]
fn a_fuzzer_that_does_not_start_is_told_in_its_own_words() {
    let log = Log::new("error: no such target\n".to_owned(), false);
    let found = log.found().unwrap();
    assert_eq!(
        (found.what.as_str(), found.input),
        ("error: no such target", None)
    );
    assert_eq!(log.figures(), Figures::default());
}

#[test]
fn every_target_has_seeds() {
    let targets = targets().unwrap();
    assert!(targets.contains(&"tls".to_owned()), "{targets:?}");
    for target in targets {
        let folder = workspace::root().join("fuzz/seeds").join(&target);
        assert!(folder.read_dir().unwrap().next().is_some(), "{target}");
    }
}

#[test]
fn an_input_is_replayed_from_the_repositorys_root() {
    let input = workspace::root().join("fuzz/artifacts/tls/crash-1");
    let line = shell::line(&command::replay("tls", &input.to_string_lossy()));
    assert!(line.starts_with("cargo fuzz run --sanitizer none "), "{line}");
    assert!(line.ends_with(" tls fuzz/artifacts/tls/crash-1"), "{line}");
}
