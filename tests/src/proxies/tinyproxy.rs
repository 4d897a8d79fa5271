use std::net::SocketAddr;
use std::time::Duration;

use super::{Proxy, folder, loopback, write};
use crate::TestBed;
use crate::machine::program;
use crate::process::Process;

impl Proxy {
    /// A tinyproxy, which asks another proxy if there is one.
    pub fn tinyproxy(bed: &TestBed, upstream: Option<SocketAddr>) -> Self {
        let (dir, address) = (folder(), loopback(8888));
        let upstream = upstream.map(|upstream| format!("Upstream http {upstream}\n"));
        let config = format!(
            "Port {}\nListen {}\nTimeout 60\nMaxClients 20\nLogLevel Connect\n{}",
            address.port(),
            address.ip(),
            upstream.unwrap_or_default()
        );
        let config = write(&dir, "tinyproxy.conf", &config);
        let mut process = Process::start(bed.command("tinyproxy").args(["-d", "-c"]).arg(config));
        process.said("Reloading config file finished", Duration::from_secs(20));
        Self {
            process,
            exe: program("tinyproxy").unwrap_or_else(|why| panic!("{why}")),
            address,
            dir,
        }
    }
}
