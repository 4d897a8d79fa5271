//! Whether this is Linux inside of Windows, and which one.

use std::fs;

use super::{files::Root, procfs};

/// Files are small; larger ones are not read.
const FILE_MAX: usize = 64 << 10;

/// The Windows Subsystem for Linux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wsl {
    /// 1: an imitation of the kernel, in which no kernel programs run; 2: a kernel in a virtual machine.
    pub version: u8,
    /// The distribution by the name that Windows has for it, else by the one that it gives itself: `Ubuntu-24.04`,
    /// `Ubuntu 24.04.1 LTS`. With version 2 all distributions share the kernel: programs of others are seen, too.
    pub distribution: Option<String>,
}

/// Tells it of this host.
pub fn wsl() -> Option<Wsl> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    // Only root sets the environment of the first process; nothing else of it is looked at.
    let environment = fs::read("/proc/1/environ").unwrap_or_default();
    let os_release = Root::open(&procfs::host_root())
        .ok()
        .and_then(|root| root.text("/etc/os-release", FILE_MAX));
    let interop = fs::exists("/proc/sys/fs/binfmt_misc/WSLInterop").unwrap_or(false);
    told(&release, interop, &environment, &os_release.unwrap_or_default())
}

/// Releases are `5.15.153.1-microsoft-standard-WSL2` and `4.4.0-22621-Microsoft`; a kernel of one's own may be called
/// anything, but Windows' programs start all the same.
fn told(release: &str, interop: bool, environment: &[u8], os_release: &str) -> Option<Wsl> {
    let is_first = release.contains("-Microsoft");
    if !is_first && !interop && !release.contains("microsoft") && !release.contains("WSL") {
        return None;
    }
    let variable = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"WSL_DISTRO_NAME="))
        .map(|name| String::from_utf8_lossy(name).into_owned());
    let pretty = || {
        let line = os_release
            .lines()
            .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
        Some(line.trim_matches(['"', '\'']).to_owned())
    };
    Some(Wsl {
        version: if is_first { 1 } else { 2 },
        distribution: variable.filter(|name| !name.is_empty()).or_else(pretty),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_tell() {
        let debian = "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        let environment = b"PATH=/bin\0WSL_DISTRO_NAME=Ubuntu-24.04\0";
        for (release, interop, environment, expected) in [
            ("6.1.0-25-amd64", false, b"".as_slice(), None),
            // Somebody's environment alone makes no Windows.
            ("6.1.0-25-amd64", false, environment, None),
            (
                "5.15.153.1-microsoft-standard-WSL2\n",
                true,
                environment,
                Some((2, "Ubuntu-24.04")),
            ),
            (
                "5.15.153.1-microsoft-standard-WSL2\n",
                true,
                b"",
                Some((2, "Debian GNU/Linux 12 (bookworm)")),
            ),
            (
                "6.6.1-own",
                true,
                b"",
                Some((2, "Debian GNU/Linux 12 (bookworm)")),
            ),
            (
                "4.4.0-22621-Microsoft",
                false,
                environment,
                Some((1, "Ubuntu-24.04")),
            ),
        ] {
            let expected = expected.map(|(version, name)| Wsl {
                version,
                distribution: Some(name.to_owned()),
            });
            assert_eq!(told(release, interop, environment, debian), expected, "{release}");
        }
    }
}
