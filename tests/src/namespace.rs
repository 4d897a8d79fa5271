//! Network namespaces of the test's own, with names of their own.

use std::ffi::OsStr;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, process};

use crate::machine;
use crate::process::bound;

const PREFIX: &str = "umbra-t-";
const NAMESPACES: &str = "/run/netns";
/// `ip netns exec` binds what lies here over `/etc`.
const FILES: &str = "/etc/netns";

/// A network namespace with nothing but a loopback; gone when dropped.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes one in which the names resolve to these addresses, and no other name resolves.
    pub fn new(hosts: &[(IpAddr, &str)]) -> Self {
        static SWEEP: Once = Once::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        SWEEP.call_once(sweep);

        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = Self {
            name: format!("{PREFIX}{}-{count}", process::id()),
        };
        let files = namespace.files();
        let mut table = String::from("127.0.0.1 localhost\n::1 localhost\n");
        for (address, name) in hosts {
            writeln!(table, "{address} {name}").expect("a string takes all");
        }
        // Nothing answers there: a name that is not in the table fails at once, and no question leaves.
        let resolver = "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n";
        fs::create_dir_all(&files)
            .and_then(|()| fs::write(files.join("hosts"), table))
            .and_then(|()| fs::write(files.join("resolv.conf"), resolver))
            .unwrap_or_else(|error| panic!("{}: {error}", files.display()));
        ip(&["netns", "add", &namespace.name]);
        ip(&["-n", &namespace.name, "link", "set", "lo", "up"]);
        namespace
    }

    /// A command that runs inside, under the pid of the child itself.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = bound("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }

    /// Its file.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(NAMESPACES).join(&self.name)
    }

    /// Gives the loopback another address (`address/length`).
    pub(crate) fn add_address(&self, address: &str) {
        ip(&["-n", &self.name, "address", "add", address, "dev", "lo"]);
    }

    fn files(&self) -> PathBuf {
        Path::new(FILES).join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn ip(arguments: &[&str]) {
    machine::output(Command::new("ip").args(arguments)).unwrap_or_else(|error| panic!("{error}"));
}

fn remove(name: &str) {
    let _ = machine::output(Command::new("ip").args(["netns", "del", name]));
    let _ = fs::remove_dir_all(Path::new(FILES).join(name));
}

/// Removes what tests left behind that were killed.
fn sweep() {
    for folder in [NAMESPACES, FILES] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
            if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
                remove(&name);
            }
        }
    }
}
