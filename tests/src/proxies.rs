//! Real proxies, each started in a test bed's namespace with a folder of its own.

mod dante;
mod socks4a;
mod squid;
mod tinyproxy;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

pub use squid::{CREDENTIALS, USER as SQUID_USER};
use tempfile::TempDir;

use crate::process::Process;

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    /// The child.
    pub process: Process,
    /// What the kernel must say that runs.
    pub exe: PathBuf,
    /// Where it listens, in the bed's namespace.
    pub address: SocketAddr,
    dir: TempDir,
}

impl Proxy {
    /// Its address, as clients take it.
    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// What it has said of the connections through it.
    pub fn log(&self) -> String {
        let file = fs::read_to_string(self.dir.path().join(ACCESS_LOG)).unwrap_or_default();
        file + &self.process.stdout.text() + &self.process.stderr.text()
    }
}

/// The log of a proxy that writes it to a file.
const ACCESS_LOG: &str = "access.log";

/// The namespace is the test's own, so that any port is free.
fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("umbra-t-")
        .tempdir()
        .expect("a temporary folder")
}

fn write(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}
