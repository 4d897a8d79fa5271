//! The client.

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;

use super::{ANSWER_BODY, ANSWER_HEAD, AUTHORITY, REQUEST, SILENCE, names};

/// A number of flows.
pub(super) struct Load {
    /// Where the authority's certificate is.
    pub(super) dir: PathBuf,
    /// Numbers of this process's own flows.
    pub(super) flows: Range<u64>,
    /// Flows at one time.
    pub(super) concurrency: usize,
    /// Short-lived processes beside it; their flows have the next numbers.
    pub(super) processes: u64,
    /// Flows of each.
    pub(super) each: u64,
}

/// Makes the flows, each of which must succeed.
pub(super) fn flows(load: &Load) -> anyhow::Result<()> {
    let config = config(&load.dir)?;
    let next = AtomicU64::new(load.flows.start);
    let all = load.flows.start..load.flows.end + load.processes * load.each;
    let begin = Instant::now();
    thread::scope(|scope| {
        let mut threads = vec![scope.spawn(|| short_lived(load))];
        for _ in 0..load.concurrency {
            threads.push(scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= load.flows.end {
                        return Ok(());
                    }
                    flow(&config, number)?;
                }
            }));
        }
        join(threads)
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let flows = all.end - all.start;
    let catalogue = all.filter(|&number| names::is_catalogue(number)).count();
    println!(
        "{}",
        json!({"flows": flows, "catalogue": catalogue, "seconds": seconds})
    );
    Ok(())
}

/// Makes flows until the time is over, counts those of the time after the warm-up, and says what all of them took of
/// the processors.
pub(super) fn rate(
    dir: &Path,
    concurrency: usize,
    warm_up: Duration,
    counted: Duration,
) -> anyhow::Result<()> {
    let config = config(dir)?;
    let (next, done, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let (flows, seconds) = thread::scope(|scope| {
        let threads = (0..concurrency).map(|_| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    flow(&config, next.fetch_add(1, Ordering::Relaxed))?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        });
        let threads: Vec<_> = threads.collect();
        thread::sleep(warm_up);
        let (before, begin) = (done.load(Ordering::Relaxed), Instant::now());
        thread::sleep(counted);
        let (after, seconds) = (done.load(Ordering::Relaxed), begin.elapsed().as_secs_f64());
        stop.store(true, Ordering::Relaxed);
        join(threads)?;
        anyhow::Ok((after - before, seconds))
    })?;
    let made = done.into_inner();
    println!(
        "{}",
        json!({"flows": flows, "seconds": seconds, "made": made, "processor_seconds": processor_time()?})
    );
    Ok(())
}

/// User and system time of this process until now, in seconds: `/proc/self/stat` (proc(5)), fields 14 and 15, in ticks.
fn processor_time() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u32 = ticks.map(str::parse::<u32>).sum::<Result<_, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

fn join(threads: Vec<thread::ScopedJoinHandle<'_, anyhow::Result<()>>>) -> anyhow::Result<()> {
    threads
        .into_iter()
        .try_for_each(|thread| thread.join().expect("no thread of the load panics"))
}

fn config(dir: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let path = dir.join(AUTHORITY);
    let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_reader(file)?)?;
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Connects, shakes hands, asks, reads the answer and closes.
fn flow(config: &Arc<ClientConfig>, number: u64) -> anyhow::Result<()> {
    let (name, address) = (names::name(number), names::address(number));
    let describe = || format!("flow {number} to {name} at {address}");
    let stream = TcpStream::connect(address).with_context(describe)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from(name.clone())?)?;
    let mut tls = StreamOwned::new(connection, stream);
    tls.write_all(REQUEST).with_context(describe)?;
    let mut answer = [0; ANSWER_HEAD.len() + ANSWER_BODY.len()];
    tls.read_exact(&mut answer).with_context(describe)?;
    ensure!(
        answer.starts_with(ANSWER_HEAD),
        "{}: not the server's answer",
        describe()
    );
    tls.conn.send_close_notify();
    tls.flush().with_context(describe)?;
    Ok(())
}

/// Runs this program again and again, for a few flows each time.
fn short_lived(load: &Load) -> anyhow::Result<()> {
    let program = env::current_exe().context("a program knows its own path")?;
    for process in 0..load.processes {
        let first = load.flows.end + process * load.each;
        let done = Command::new(&program)
            .args(["load", "flows", "--concurrency", "1", "--dir"])
            .arg(&load.dir)
            .args(["--first", &first.to_string(), "--count", &load.each.to_string()])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", program.display()))?;
        ensure!(
            done.status.success(),
            "a short-lived client failed: {}",
            String::from_utf8_lossy(&done.stderr).trim()
        );
    }
    Ok(())
}
