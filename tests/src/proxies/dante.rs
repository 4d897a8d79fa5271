use std::fs;
use std::time::Duration;

use super::{CREDENTIALS, Proxy, folder, loopback, write};
use crate::TestBed;
use crate::machine::program;
use crate::process::Process;

/// The password of [`CREDENTIALS`] as `crypt(3)` keeps it (SHA-512).
const PASSWORD: &str =
    "$6$umbra$B.opMr743U.j.vuhIN2xfQpcr8kau8KY6zSTleRtgJ3d61Nr10yMx.QufjYI6Sb9.EovXguWG9.dwt9J0gGTb0";

impl Proxy {
    /// A dante, which speaks SOCKS 4 and 5, and not 4A. Its children end with it.
    pub fn dante(bed: &TestBed) -> Self {
        dante(bed, false)
    }

    /// A dante that wants [`CREDENTIALS`] (RFC 1929), and so speaks SOCKS 5 alone.
    pub fn dante_with_password(bed: &TestBed) -> Self {
        dante(bed, true)
    }
}

fn dante(bed: &TestBed, password: bool) -> Proxy {
    let (dir, address) = (folder(), loopback(if password { 1081 } else { 1080 }));
    let method = if password { "username" } else { "none" };
    let config = format!(
        "logoutput: stdout\ninternal: {} port = {}\nexternal: lo\nsocksmethod: {method}\nclientmethod: none\n\
             user.privileged: root\nuser.unprivileged: proxy\n\
             client pass {{ from: 0/0 to: 0/0 }}\n\
             socks pass {{ from: 0/0 to: 0/0 log: connect disconnect }}\n",
        address.ip(),
        address.port()
    );
    let config = write(&dir, "danted.conf", &config);
    // It looks a user up among the host's, of which it is shown others.
    let mut command = bed.command("sh");
    command.args(["-c", "mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/shadow\" /etc/shadow && exec danted -N 1 -f \"$1\""]);
    let user = CREDENTIALS.split(':').next().unwrap_or_default();
    let users = fs::read_to_string("/etc/passwd").expect("every host has users");
    write(
        &dir,
        "passwd",
        &format!("{users}{user}:x:65533:65533::/:/bin/false\n"),
    );
    write(&dir, "shadow", &format!("{user}:{PASSWORD}:19000::::::\n"));
    let mut process = Process::start(command.arg(dir.path()).arg(config));
    process.said("running", Duration::from_secs(20));
    Proxy {
        process,
        exe: program("danted").unwrap_or_else(|why| panic!("{why}")),
        address,
        dir,
    }
}
