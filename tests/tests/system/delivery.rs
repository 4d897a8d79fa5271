//! Exactly once, to the byte: the agent's delivery is killed at each step, and the network is cut at many.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use umbra_tests::Collector;
use umbra_tests::machine;
use umbra_tests::process::{Process, bound};
use umbra_tests::skip::spared;

use crate::collector_away::folder;

/// What the feeder calls.
const NAME: &str = "api.openai.com";
/// A feeder that is not killed takes a second, or a few where it has to come again.
const SOON: Duration = Duration::from_secs(20);

/// Where a record can be when the agent is killed.
const FAIL_POINTS: [&str; 7] = [
    "rollup_taken",
    "spool_appended",
    "spool_committed",
    "batch_read",
    "report_answered",
    "spool_deleting",
    "spool_deleted",
];

#[test]
fn killed_at_each_step_the_agent_delivers_each_record_once() {
    if spared("kills of the delivery") {
        return;
    }
    let (data, spool) = (folder(), folder());
    let collector = Collector::start(data.path(), None);
    let config = configure(spool.path(), collector.address());
    let mut last = 0;
    for point in FAIL_POINTS {
        last += 3;
        let mut command = feeder(&config, last);
        command.env("UMBRA_FAIL_POINT", format!("{point}:2"));
        let mut killed = Process::start(&mut command);
        assert_eq!(killed.wait(SOON).signal(), Some(9), "it comes to {point}");
        Process::start(&mut feeder(&config, last)).succeed(SOON);
        delivered(&collector, last, point);
    }
    assert!(collector.stop().success());
}

#[test]
fn a_network_that_is_cut_anywhere_loses_nothing_and_doubles_nothing() {
    if spared("a network that is cut") {
        return;
    }
    let (data, spool) = (folder(), folder());
    let collector = Collector::start(data.path(), None);
    let (proxy, plan) = proxy(collector.address());
    let config = configure(spool.path(), proxy);
    // In the head of the request, in its body, behind it; before, in and just at the end of the answer; and never.
    let cuts = [
        Cut::Request(0),
        Cut::Request(40),
        Cut::Request(250),
        Cut::Request(500),
        Cut::Answer(0),
        Cut::Answer(1),
        Cut::Answer(60),
        Cut::Answer(120),
        Cut::Hang,
    ];
    for (last, cut) in (1..).zip(cuts) {
        plan.send(cut).expect("the proxy");
        let mut fed = Process::start(&mut feeder(&config, last));
        // So it was cut, and not passed over.
        fed.said("cannot report to the collector", SOON);
        fed.succeed(SOON);
        delivered(&collector, last, &format!("{cut:?}"));
    }
    assert!(collector.stop().success());
}

/// The collector has each record up to `last` once.
fn delivered(collector: &Collector, last: u64, after: &str) {
    let mut rows: Vec<_> = collector
        .rows(NAME)
        .into_iter()
        .map(|row| (row.program, row.flows, row.bytes_out, row.bytes_in))
        .collect();
    let mut sent: Vec<_> = (1..=last)
        .map(|number| (format!("p{number}"), 1, 1000 + number, 3000 + 7 * number))
        .collect();
    rows.sort();
    sent.sort();
    assert_eq!(rows, sent, "after {after}");
}

fn configure(folder: &Path, collector: SocketAddr) -> PathBuf {
    let file = folder.join("agent.toml");
    let text = format!(
        "[report]\ncollector = \"http://{collector}\"\ntimeout_seconds = 1\n[spool]\ndirectory = \"{}\"\n",
        folder.join("spool").display()
    );
    fs::write(&file, text).expect("a file");
    file
}

fn feeder(config: &Path, last: u64) -> Command {
    let feeder = machine::binary("umbra-feeder").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound(feeder);
    command.arg(config).arg(last.to_string());
    command
}

/// What a connection suffers.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// It ends after so many bytes of the request.
    Request(usize),
    /// The request gets through, and the answer ends after so many bytes.
    Answer(usize),
    /// The request is swallowed, and nothing is ever said: a host that is gone.
    Hang,
}

/// A way to `to` that cuts the next connection as it is told, once each time; others pass.
fn proxy(to: SocketAddr) -> (SocketAddr, Sender<Cut>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (plan, planned) = channel();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let cut = planned.try_recv().ok();
            let server = TcpStream::connect(to).expect("the collector");
            thread::spawn(move || pass(&client, &server, cut));
        }
    });
    (address, plan)
}

fn pass(client: &TcpStream, server: &TcpStream, cut: Option<Cut>) {
    let (request, answer) = match cut {
        None => (usize::MAX, usize::MAX),
        Some(Cut::Request(bytes)) => (bytes, usize::MAX),
        Some(Cut::Answer(bytes)) => (usize::MAX, bytes),
        Some(Cut::Hang) => {
            let mut rest = Vec::new();
            // Until the client gives up.
            let _ = (&mut { client }).read_to_end(&mut rest);
            return;
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| copy(client, server, request));
        copy(server, client, answer);
    });
}

/// Copies up to `most` bytes, and then ends both connections.
fn copy(mut from: &TcpStream, mut to: &TcpStream, most: usize) {
    let mut left = most;
    let mut buffer = [0; 4096];
    while left > 0 {
        let Ok(read @ 1..) = from.read(&mut buffer) else {
            break;
        };
        let passed = read.min(left);
        if to.write_all(&buffer[..passed]).is_err() {
            break;
        }
        left -= passed;
    }
    for end in [from, to] {
        // The other direction may have ended it.
        let _ = end.shutdown(Shutdown::Both);
    }
}
