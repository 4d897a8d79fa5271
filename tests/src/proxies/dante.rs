use std::time::Duration;

use super::{Proxy, folder, loopback, write};
use crate::TestBed;
use crate::machine::program;
use crate::process::Process;

impl Proxy {
    /// A dante, which speaks SOCKS 4 and 5, and not 4A. Its children end with it.
    pub fn dante(bed: &TestBed) -> Self {
        let (dir, address) = (folder(), loopback(1080));
        let config = format!(
            "logoutput: stdout\ninternal: {} port = {}\nexternal: lo\nsocksmethod: none\nclientmethod: none\n\
             user.privileged: root\nuser.unprivileged: proxy\n\
             client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}\n\
             socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect disconnect }}\n",
            address.ip(),
            address.port()
        );
        let config = write(&dir, "danted.conf", &config);
        let mut process = Process::start(bed.command("danted").args(["-N", "1", "-f"]).arg(config));
        process.said("running", Duration::from_secs(20));
        Self {
            process,
            exe: program("danted").unwrap_or_else(|why| panic!("{why}")),
            address,
            dir,
        }
    }
}
