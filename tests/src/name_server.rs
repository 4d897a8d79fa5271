//! A name server of the test's own: dnsmasq, which knows some records and asks nobody.

use std::process::Command;
use std::time::Duration;

use crate::process::Process;

/// Starts one, by a command for `dnsmasq` that says where: in which namespace.
pub fn start(dnsmasq: &mut Command, address: &str, records: &[&str]) -> Process {
    dnsmasq
        .args([
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--pid-file=",
        ])
        .args(["--user=root", "--bind-interfaces", "--local=/#/", "--log-queries"])
        .arg(format!("--listen-address={address}"))
        .args(records);
    let mut server = Process::start(dnsmasq);
    server.said("started, version", Duration::from_secs(10));
    server
}
