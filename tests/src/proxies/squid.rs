use std::os::unix::fs::chown;
use std::time::Duration;

use super::{ACCESS_LOG, Proxy, folder, loopback, write};
use crate::TestBed;
use crate::machine::program;
use crate::process::Process;

/// Debian's user `proxy`; squid refuses to run as root.
pub const USER: u32 = 13;
/// User and password of a proxy that wants them.
pub const CREDENTIALS: &str = "umbra:secret";
/// The same as `basic_ncsa_auth` reads it.
const PASSWORDS: &str = "umbra:$apr1$umbra$hKrs6DoTU/4SwZdVlVt1H/\n";

impl Proxy {
    /// A squid that anybody may use.
    pub fn squid(bed: &TestBed) -> Self {
        squid(bed, false)
    }

    /// A squid that wants [`CREDENTIALS`].
    pub fn squid_with_password(bed: &TestBed) -> Self {
        squid(bed, true)
    }
}

fn squid(bed: &TestBed, password: bool) -> Proxy {
    let (dir, address) = (folder(), loopback(3128));
    chown(dir.path(), Some(USER), Some(USER)).expect("our own folder");
    let path = dir.path().display();
    let access = if password {
        let passwords = write(&dir, "passwords", PASSWORDS);
        format!(
            "auth_param basic program /usr/lib/squid/basic_ncsa_auth {}\nauth_param basic children 1\n\
             acl known proxy_auth REQUIRED\nhttp_access allow known\n",
            passwords.display()
        )
    } else {
        "http_access allow all\n".to_owned()
    };
    let config = format!(
        "http_port {address}\n{access}cache deny all\ncache_log {path}/cache.log\n\
         access_log stdio:{path}/{ACCESS_LOG}\nbuffered_logs off\npid_filename none\ncoredump_dir none\n\
         pinger_enable off\nserver_persistent_connections off\nshutdown_lifetime 0 seconds\nvisible_hostname proxy.example\n"
    );
    let config = write(&dir, "squid.conf", &config);
    // The user is changed before squid starts: the kernel forgets to kill a child that changes its user itself
    // (`commit_creds`).
    let mut command = bed.command("setpriv");
    command
        .arg(format!("--reuid={USER}"))
        .arg(format!("--regid={USER}"))
        .args([
            "--clear-groups",
            "--pdeathsig",
            "KILL",
            "--",
            "squid",
            "-N",
            "-d",
            "1",
            "-f",
        ])
        .arg(config);
    let mut process = Process::start(&mut command);
    process.said("Accepting HTTP Socket connections", Duration::from_secs(20));
    Proxy {
        process,
        exe: program("squid").unwrap_or_else(|why| panic!("{why}")),
        address,
        dir,
    }
}
