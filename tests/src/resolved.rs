//! systemd-resolved, the stub resolver of many hosts, in a test bed. It is not installed for that: its package would
//! take over how the machine itself resolves names.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::TestBed;
use crate::machine::{output, workshop};
use crate::process::Process;
use crate::wait::eventually;

/// Where it must lie for the agent to take it for the system's.
const EXECUTABLE: &str = "/usr/lib/systemd/systemd-resolved";
/// Debian's packages that it comes in: it and its library fit each other alone.
const PACKAGES: [&str; 2] = ["systemd-resolved", "libsystemd-shared"];
/// Nobody's on this machine: as root it would want a user of its own.
const USER: u32 = 65_532;
/// What its unit lets it keep.
const CAPABILITIES: &str = "+setpcap,+net_bind_service,+net_raw";
/// Its stub, 127.0.0.53:53, as `/proc/net/udp` writes it.
const STUB: &str = "3500007F:0035";
/// For documentation (RFC 5737): it does not ask anyone while the host has no address besides the loopback's.
const ADDRESS: &str = "203.0.113.2/32";

/// A running systemd-resolved.
#[derive(Debug)]
pub struct Resolved {
    /// The child.
    pub process: Process,
    /// The Unix socket by which nss-resolve asks.
    pub socket: PathBuf,
}

impl Resolved {
    /// Starts one that asks the name server at `upstream`; says what it lacks.
    pub fn start(bed: &TestBed, upstream: &str) -> Result<Self, String> {
        let files = unpacked()?;
        for arguments in [
            &["link", "add", "up0", "type", "veth", "peer", "name", "up1"][..],
            &["link", "set", "up0", "up"],
            &["link", "set", "up1", "up"],
            &["address", "add", ADDRESS, "dev", "up0"],
        ] {
            output(bed.command("ip").args(arguments))?;
        }
        let run = bed.dir().join("run");
        let (own, config) = (run.join("systemd/resolve"), run.join("systemd/resolved.conf.d"));
        fs::create_dir_all(&own)
            .and_then(|()| chown(&own, Some(USER), Some(USER)))
            .and_then(|()| fs::create_dir_all(&config))
            .and_then(|()| fs::write(config.join("test.conf"), format!("[Resolve]\nDNS={upstream}\n")))
            .expect("the bed's own folder");
        let process = Process::start(&mut command(bed, &files, &run));
        let sockets = format!("/proc/{}/net/udp", process.pid());
        eventually(Duration::from_secs(5), || {
            let serves = fs::read_to_string(&sockets).is_ok_and(|sockets| sockets.contains(STUB));
            serves.then_some(()).ok_or_else(|| process.stderr.text())
        });
        Ok(Self {
            process,
            socket: own.join("io.systemd.Resolve"),
        })
    }
}

/// In a mount namespace that has its files among the system's, and `run` for `/run`. It begins without root, so that the
/// kernel does not forget to kill it (`commit_creds`).
fn command(bed: &TestBed, files: &Path, run: &Path) -> Command {
    const SCRIPT: &str = "
set -e
files=$0 run=$1 executable=$2
shift 2
mount --bind \"$run\" /run
if test ! -e \"$executable\"; then
    folder=$(dirname \"$executable\")
    own=$(dirname \"$(find \"$files\" -path '*/lib/systemd/systemd-resolved')\")
    mount -t overlay overlay -o lowerdir=\"$own\":\"$folder\" \"$folder\"
    export LD_LIBRARY_PATH=\"$files/usr/lib/$(uname -m)-linux-gnu/systemd\"
fi
exec setpriv \"$@\" -- \"$executable\"
";
    let mut command = bed.command("sh");
    command
        .args(["-c", SCRIPT])
        .args([files, run])
        .arg(EXECUTABLE)
        .args([format!("--reuid={USER}"), format!("--regid={USER}")])
        .args(["--clear-groups", "--pdeathsig", "KILL"])
        .args(["--inh-caps", CAPABILITIES, "--ambient-caps", CAPABILITIES]);
    command
}

/// Its files, out of packages that are fetched and not installed; nothing is fetched where the machine has it.
fn unpacked() -> Result<PathBuf, String> {
    let folder = workshop().join("systemd-resolved");
    // Made last.
    let mark = folder.join("unpacked");
    if mark.exists() || Path::new(EXECUTABLE).exists() {
        return Ok(folder);
    }
    let failed = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let fetch = || {
        let mut apt = Command::new("apt-get");
        output(apt.arg("download").args(PACKAGES).current_dir(&folder))
    };
    // The machine's lists may be older than what there is.
    fetch().or_else(|_| output(Command::new("apt-get").arg("update")).and_then(|_| fetch()))?;
    for entry in fs::read_dir(&folder).map_err(failed)?.flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "deb") {
            output(
                Command::new("dpkg-deb")
                    .arg("--extract")
                    .args([entry.path(), folder.clone()]),
            )?;
        }
    }
    fs::write(&mark, "").map_err(failed)?;
    Ok(folder)
}
