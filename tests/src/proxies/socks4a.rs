use std::time::Duration;

use super::{Proxy, folder, loopback};
use crate::TestBed;
use crate::machine::binary;
use crate::process::Process;
use crate::serve::READY;

impl Proxy {
    /// Our own, for SOCKS 4A: no proxy that Debian has speaks it.
    pub fn socks4a(bed: &TestBed) -> Self {
        let address = loopback(1084);
        let helper = binary("umbra-testbed").unwrap_or_else(|why| panic!("{why}"));
        let mut process = Process::start(bed.command(&helper).arg("socks").arg(address.to_string()));
        process.said(READY, Duration::from_secs(10));
        Self {
            process,
            exe: helper,
            address,
            dir: folder(),
        }
    }
}
