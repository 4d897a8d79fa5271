//! The guest's first file system: busybox, and the modules that it takes to mount the real one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::kernel::Kernel;

/// Mounts this machine's root and hands over to the script below.
const FIRST: &str = include_str!("first.sh");

/// What the first script loads; a kernel may have some of them built in.
const MODULES: [&str; 3] = ["virtio_pci", "virtiofs", "overlay"];

/// Packs the archive, which starts `second` once the real root is there.
pub(super) fn pack(kernel: &Kernel, second: &Path, work: &Path) -> Result<PathBuf> {
    let tree = work.join("initramfs");
    let _ = fs::remove_dir_all(&tree);
    for folder in ["bin", "dev", "modules", "mnt", "proc"] {
        fs::create_dir_all(tree.join(folder)).with_context(|| format!("cannot make {}", tree.display()))?;
    }
    fs::copy("/bin/busybox", tree.join("bin/busybox")).context("no /bin/busybox: run `cargo xtask setup`")?;
    let order = modules(kernel, &tree.join("modules"))?;
    let script = FIRST
        .replace("@MODULES@", &order.join(" "))
        .replace("@SECOND@", &second.to_string_lossy());
    write_program(&tree.join("init"), &script)?;

    let archive = work.join("initramfs.cpio");
    let mut cpio = Command::new("cpio")
        .args(["--create", "--format=newc", "--quiet", "--file"])
        .arg(&archive)
        .current_dir(&tree)
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start cpio: run `cargo xtask setup`")?;
    let mut names = vec![
        "bin".to_owned(),
        "dev".into(),
        "modules".into(),
        "mnt".into(),
        "proc".into(),
    ];
    names.extend(["bin/busybox".to_owned(), "init".into()]);
    names.extend(order.iter().map(|name| format!("modules/{name}")));
    cpio.stdin
        .take()
        .context("cpio has no stdin")?
        .write_all(names.join("\n").as_bytes())?;
    ensure!(
        cpio.wait()?.success(),
        "cpio could not pack {}",
        archive.display()
    );
    Ok(archive)
}

/// Puts the modules and what they depend on into `folder`, and says in which order to load them.
fn modules(kernel: &Kernel, folder: &Path) -> Result<Vec<String>> {
    let table = kernel.modules().join("modules.dep");
    let table = fs::read_to_string(&table).with_context(|| format!("cannot read {}", table.display()))?;
    let mut order = Vec::new();
    for path in load_order(&table, &MODULES) {
        let from = kernel.modules().join(path);
        let name = Path::new(path)
            .file_name()
            .context("a module without a name")?
            .to_string_lossy();
        // busybox cannot unpack modules.
        let (name, bytes) = match name.strip_suffix(".xz") {
            Some(plain) => (plain.to_owned(), unpack(&from)?),
            None => (
                name.into_owned(),
                fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?,
            ),
        };
        fs::write(folder.join(&name), bytes)?;
        order.push(name);
    }
    Ok(order)
}

/// The lines of `modules.dep` for `wanted`, each module after what it depends on, none twice.
pub(super) fn load_order<'a>(table: &'a str, wanted: &[&str]) -> Vec<&'a str> {
    let mut order = Vec::new();
    for name in wanted {
        let line = table
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(path, _)| {
                path.rsplit('/')
                    .next()
                    .and_then(|file| file.split('.').next())
                    .is_some_and(|stem| stem == *name)
            });
        let Some((path, needs)) = line else { continue };
        for module in needs.split_whitespace().rev().chain([path]) {
            if !order.contains(&module) {
                order.push(module);
            }
        }
    }
    order
}

fn unpack(module: &Path) -> Result<Vec<u8>> {
    let output = Command::new("xz")
        .args(["--decompress", "--stdout"])
        .arg(module)
        .output();
    let output = output.context("cannot start xz: run `cargo xtask setup`")?;
    ensure!(
        output.status.success(),
        "xz could not unpack {}",
        module.display()
    );
    Ok(output.stdout)
}

/// Writes a script that can be started.
pub(super) fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot write {}", path.display()))
}
