//! What goes wrong around the collector ends in a sentence with the remedy, and in the right exit status.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::made_up::{Spool, call};
use crate::process::Process;
use crate::running::{Collector, post, rows};

const COLLECTOR: &str = env!("CARGO_BIN_EXE_umbra-collector");

fn run(arguments: &[&str]) -> Output {
    Command::new(COLLECTOR)
        .args(arguments)
        .output()
        .expect("the collector")
}

/// Runs the collector, which must end with `status` and a sentence that holds each of `parts`.
fn ends(arguments: &[&str], status: i32, parts: &[&str]) {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    let sentence = error.lines().last().unwrap_or_default();
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    assert!(
        sentence.starts_with("umbra-collector: ") || status == 2,
        "{error}"
    );
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn options_that_cannot_be_used_end_with_status_2() {
    ends(
        &["serve", "--listen", "0.0.0.0:8600"],
        2,
        &["refusing to listen on 0.0.0.0:8600", "reverse proxy"],
    );
    ends(&["serve", "--listen", "somewhere"], 2, &["--listen"]);
    let postgres = ["serve", "--database", "postgres://umbra:secret@db:x/umbra"];
    ends(&postgres, 2, &["--database is not right", "postgres://USER"]);
    assert!(!String::from_utf8_lossy(&run(&postgres).stderr).contains("secret"));
    ends(
        &["serve", "--webhook", "ftp://example.com"],
        2,
        &["--webhook", "https://"],
    );
    ends(&["serve", "--tls-cert", "cert.pem"], 2, &["--tls-key"]);
    ends(
        &["serve", "--config", "/nowhere/umbra.toml"],
        2,
        &["cannot read", "/nowhere/umbra.toml"],
    );
}

#[test]
fn the_configuration_is_checked_before_it_is_used() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("umbra.toml");
    fs::write(
        &file,
        "[webhook]\nurl = \"https://example.com/secret\"\n[page]\nhosts = [\"umbra.example\"]\n",
    )
    .expect("a file");
    let output = run(&["check", "--config", text(&file), "--data", "/data"]);
    assert!(output.status.success());
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("webhook = https://example.com\n") && printed.contains("hosts   = umbra.example")
    );
    assert!(!Path::new("/data").exists(), "a check makes nothing");

    fs::write(&file, "[webhook]\nurll = \"https://example.com\"\n").expect("a file");
    ends(
        &["check", "--config", text(&file)],
        2,
        &["is wrong", "line 2", "urll"],
    );
}

#[tokio::test]
async fn a_directory_port_or_database_that_cannot_be_had_ends_with_status_1() {
    let collector = Collector::start().await;
    let mode = fs::metadata(collector.data()).expect("the directory").mode();
    assert_eq!(mode & 0o777, 0o700, "it says who uses what");
    let serve = |listen: &str, data: &Path, parts: &[&str]| {
        ends(&["serve", "--listen", listen, "--data", text(data)], 1, parts);
    };
    let own = format!("(pid {})", std::process::id());
    serve(
        "127.0.0.1:0",
        &collector.data(),
        &["another umbra-collector", &own, "--data another directory"],
    );

    let directory = tempfile::tempdir().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    serve(
        &address,
        directory.path(),
        &["another program listens on", &address],
    );
    serve(
        "127.0.0.1:0",
        Path::new("/dev/null/data"),
        &["cannot write in the data directory /dev/null/data"],
    );

    let log = directory.path().join("umbra.db-wal");
    assert!(!log.exists(), "it gave up in good order");
    fs::write(
        directory.path().join("umbra.db"),
        "no database at all. ".repeat(1000),
    )
    .expect("a file");
    serve(
        "127.0.0.1:0",
        directory.path(),
        &["the database is damaged", "backup"],
    );
}

#[test]
fn tls_files_that_cannot_be_used_end_with_status_1() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("cert.pem");
    fs::write(&file, "nothing").expect("a file");
    let (file, data) = (text(&file), text(directory.path()));
    ends(
        &["serve", "--tls-cert", file, "--tls-key", file, "--data", data],
        1,
        &["cannot use the TLS file", file],
    );
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    let directory = tempfile::tempdir().expect("a directory");
    for signal in ["TERM", "INT"] {
        let data = text(directory.path());
        let mut collector = Process::start(Command::new(COLLECTOR).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            data,
        ]));
        let http = Process::client(directory.path(), &[]);
        // The connection stays open, as a browser's does.
        assert!(
            http.get(&collector.url)
                .send()
                .await
                .expect("the page")
                .status()
                .is_success()
        );
        let begin = Instant::now();
        let sent = Command::new("kill")
            .args(["-s", signal, &collector.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        assert_eq!(collector.child.wait().expect("its end").code(), Some(0));
        assert!(
            begin.elapsed() < Duration::from_secs(3),
            "SIG{signal}: {:?}",
            begin.elapsed()
        );
        assert!(
            !directory.path().join("umbra.db-wal").exists(),
            "the log is folded in"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    if !is_root() {
        println!("skipped: making a small file system of its own needs root");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let script = r#"mount -t tmpfs -o size=2m none "$1" && head -c 400000 /dev/zero > "$1/ballast" &&
                    exec "$2" serve --listen 127.0.0.1:0 --data "$1""#;
    let collector = Process::start(Command::new("unshare").args([
        "--mount",
        "sh",
        "-c",
        script,
        "sh",
        text(directory.path()),
        COLLECTOR,
    ]));
    let pid = collector.child.id().to_string();
    let mut within = Command::new("nsenter");
    within.args(["--mount", "--target", &pid, "--", COLLECTOR]);
    let http = Process::client_by(&mut within, directory.path(), &[]);
    let mut spool = Spool::of("web-1");
    let mut sent = 0;
    let refused = loop {
        let calls = (0..100).map(|number| call("alice", &format!("{sent}-{number}-{}", "x".repeat(200))));
        let report = spool.report(calls.collect());
        let answer = post(&http, &collector.url, &report).await.expect("an answer");
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.headers().contains_key("retry-after"));
            assert!(answer.text().await.expect("a body").contains("disk is full"));
            break report;
        }
        assert_eq!(answer.status(), StatusCode::OK);
        sent += 100;
        assert!(sent < 100_000, "the disk is never full");
    };
    let page = http.get(&collector.url).send().await.expect("the page");
    assert!(page.status().is_success(), "the page still shows what is there");
    fs::remove_file(format!("/proc/{pid}/root{}/ballast", text(directory.path()))).expect("the ballast");
    let answer = post(&http, &collector.url, &refused).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{:?}", answer.text().await);
    let programs = rows(&http, &collector.url).await.len();
    drop(collector);
    assert_eq!(programs, sent + 100);
}

#[test]
fn a_disk_that_is_full_at_the_start_is_said_with_the_remedy() {
    if !is_root() {
        println!("skipped: making a small file system of its own needs root");
        return;
    }
    let script = r#"mount -t tmpfs -o size=256k none "$1" && (head -c "$3" /dev/zero > "$1/ballast" || true) &&
                    exec "$2" serve --listen 127.0.0.1:0 --data "$1""#;
    // Of 256 KiB nothing is left, or too little for the log's index, or for the tables.
    for ballast in ["1000000", "245760", "196608"] {
        let directory = tempfile::tempdir().expect("a directory");
        let output = Command::new("unshare")
            .args([
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
                text(directory.path()),
                COLLECTOR,
                ballast,
            ])
            .output()
            .expect("the collector");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        let sentence = error.lines().last().unwrap_or_default();
        assert!(
            sentence.starts_with("umbra-collector: ") && sentence.contains("free some space"),
            "{error}"
        );
        let cause = ["No space left on device", "disk"]
            .iter()
            .map(|cause| sentence.matches(cause).count())
            .max();
        assert!(cause <= Some(2), "it says it once: {sentence}");
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("/proc").uid() == 0
}
