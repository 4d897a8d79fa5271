//! The network is cut anywhere in a request and its answer.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use umbra_tests::Collector;
use umbra_tests::process::Process;
use umbra_tests::skip::skip;

use crate::cluster::Cluster;
use crate::feeding::{SOON, configure, delivered, feeder, folder};

#[test]
fn a_network_that_is_cut_anywhere_loses_nothing_and_doubles_nothing() {
    let data = folder();
    cut_anywhere(Collector::start(data.path(), None));
}

#[test]
fn a_network_that_is_cut_anywhere_loses_nothing_and_doubles_nothing_on_postgres() {
    let Some(cluster) = Cluster::start("") else {
        return skip("PostgreSQL is not installed");
    };
    let data = folder();
    cut_anywhere(Collector::start_on(&cluster.database(), data.path()));
}

fn cut_anywhere(collector: Collector) {
    let spool = folder();
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
