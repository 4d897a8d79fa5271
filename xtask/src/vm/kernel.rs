//! Debian's cloud kernels: small, quick to boot, with BTF, and a fair sample of what servers run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{shell, workspace};

/// A line of kernels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series {
    /// As people say it.
    pub(crate) name: &'static str,
    /// The names of its packages, as apt-cache's regular expression.
    packages: &'static str,
    /// Which whole-system tests `cargo xtask test` runs there, as the test program's filters; none: all.
    pub(crate) tests: &'static [&'static str],
}

impl Series {
    /// Debian 12's own.
    pub(crate) const LINUX_6_1: Self = Self {
        name: "6.1",
        packages: r"^linux-image-6\.1\.[0-9]+-[0-9]+-cloud-amd64$",
        tests: &[],
    };
    /// Debian 13's, also offered to Debian 12. Between the oldest kernel and that of who runs the tests, so that each hook
    /// and each way to find out who is behind a flow is tried, and not each client.
    pub(crate) const LINUX_6_12: Self = Self {
        name: "6.12",
        packages: r"^linux-image-6\.12\.[0-9]+[-+][0-9a-z]+-cloud-amd64$",
        tests: &[
            "apart::",
            "check_says",
            "dns_evidence::",
            "every_client::",
            "http::",
            "leaves_nothing::",
            "long_flow::",
            "older::",
            "owners::",
            "place::",
            "proxies::plain",
            "quic::",
            "quic_beginnings::",
            "reuse::",
            "short_lived::",
            "socks::",
            "split::",
        ],
    };
    /// All that we test under.
    pub(crate) const ALL: [Self; 2] = [Self::LINUX_6_1, Self::LINUX_6_12];
}

/// An unpacked kernel.
pub(super) struct Kernel {
    /// Its package, unpacked.
    pub(super) folder: PathBuf,
    /// What `uname -r` will say.
    pub(super) release: String,
}

impl Kernel {
    /// The bootable image.
    pub(super) fn image(&self) -> PathBuf {
        self.folder.join(format!("boot/vmlinuz-{}", self.release))
    }

    /// The folder that `modules.dep` is relative to.
    pub(super) fn modules(&self) -> PathBuf {
        self.folder.join("lib/modules").join(&self.release)
    }
}

/// Downloads and unpacks the newest kernel of the series that apt offers, unless that was done before.
pub(super) fn fetch(series: Series) -> Result<Kernel> {
    let packages = shell::answer(Command::new("apt-cache").args(["search", "--names-only", series.packages]))
        .unwrap_or_default();
    let package =
        newest(packages.lines().filter_map(|line| line.split_whitespace().next())).with_context(|| {
            format!(
                "apt offers no {} cloud kernel: `apt-get update`, or use Debian 12",
                series.name
            )
        })?;
    let release = package.trim_start_matches("linux-image-").to_owned();
    let store = workspace::target_dir().join("vm");
    let kernel = Kernel {
        folder: store.join(package),
        release,
    };
    if !kernel.modules().join("modules.dep").is_file() {
        unpack(package, &kernel, &store)?;
    }
    Ok(kernel)
}

fn unpack(package: &str, kernel: &Kernel, store: &Path) -> Result<()> {
    // Of its own: two kernels may come at once.
    let download = store.join(format!("download-{package}"));
    let _ = fs::remove_dir_all(&download);
    let _ = fs::remove_dir_all(&kernel.folder);
    fs::create_dir_all(&download).with_context(|| format!("cannot make {}", download.display()))?;
    let mut apt = Command::new("apt-get");
    // As root apt would drop to a user that cannot write here.
    apt.args(["--quiet", "-o", "APT::Sandbox::User=root", "download", package])
        .current_dir(&download);
    shell::run(&mut apt)
        .context("the kernel's package did not come: is the network up, `apt-get update` done?")?;
    let package = fs::read_dir(&download)?
        .next()
        .context("apt-get download left no file")??
        .path();
    shell::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(&package)
            .arg(&kernel.folder),
    )?;
    let depmod = shell::find_program("depmod").context("no depmod: run `cargo xtask setup`")?;
    shell::run(
        Command::new(depmod)
            .arg("--basedir")
            .arg(&kernel.folder)
            .arg(&kernel.release),
    )?;
    fs::remove_dir_all(&download).with_context(|| format!("cannot remove {}", download.display()))
}

/// The package with the highest version, comparing numbers as numbers.
pub(super) fn newest<'a>(packages: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    packages.max_by_key(|name| {
        name.split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect::<Vec<u64>>()
    })
}
