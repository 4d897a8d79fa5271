//! Name servers of the test's own: a dnsmasq that knows some records and asks nobody, and one that asks another.

mod https;

use std::process::Command;
use std::time::Duration;

use crate::process::Process;

pub use https::{encrypting, hinting};

/// Starts one that knows some records, by a command for `dnsmasq` that says where: in which namespace.
pub fn start(dnsmasq: &mut Command, address: &str, records: &[&str]) -> Process {
    run(dnsmasq.arg("--local=/#/").args(records), address)
}

/// Starts one that knows nothing and asks the one at `upstream`, as a host's own resolver does.
pub fn stub(dnsmasq: &mut Command, address: &str, upstream: &str) -> Process {
    run(dnsmasq.arg(format!("--server={upstream}")), address)
}

fn run(dnsmasq: &mut Command, address: &str) -> Process {
    dnsmasq
        .args([
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--pid-file=",
        ])
        .args(["--user=root", "--bind-interfaces", "--log-queries"])
        .arg(format!("--listen-address={address}"));
    let mut server = Process::start(dnsmasq);
    server.said("started, version", Duration::from_secs(10));
    server
}
