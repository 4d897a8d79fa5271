//! One boot: virtiofsd, qemu, and the way out for the command's output and status.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::kernel::Kernel;
use super::{guest, initramfs};
use crate::setup::VIRTIOFSD;
use crate::test::Tally;
use crate::{root, workspace};

/// Memory of the guest; the browser is what needs it.
const MEBIBYTES: u32 = 2048;
/// What the guest's processor can: the least that today's programs ask for (x86-64-v2), and what TLS is quick with.
/// Emulating `max`, the agent takes 10 s to start in place of 7, and the tests half as long again.
const PROCESSOR: &str = "Nehalem,+aes,+pclmulqdq";

/// Boots the kernel, runs the command, and returns its exit status.
pub(super) fn run(kernel: &Kernel, command: &str, patience: Duration, tally: &Tally) -> Result<u8> {
    let work = workspace::target_dir()
        .join("vm")
        .join(format!("run-{}", kernel.release));
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let second = work.join("second.sh");
    initramfs::write_program(&second, &guest::script(kernel, command))?;
    let archive = initramfs::pack(kernel, &second, &work)?;
    let console = work.join("console.log");

    eprintln!(
        "vm: booting {} (emulated), log in {}",
        kernel.release,
        console.display()
    );
    let socket = work.join("virtiofs.socket");
    // It ends by itself when qemu hangs up.
    let mut files = share(&socket, &work.join("virtiofsd.log"))?;
    let mut qemu = qemu(kernel, &archive, &socket, &console, patience);
    let ended = tally.follow(&mut qemu);
    if ended.is_err() {
        let _ = files.kill();
    }
    let _ = files.wait();
    let ended = ended.context("cannot start qemu: run `cargo xtask setup`")?;

    let log = String::from_utf8_lossy(&fs::read(&console).unwrap_or_default()).into_owned();
    match guest::exit_status(&log) {
        Some(status) => Ok(status),
        // What `timeout` exits with.
        None if ended.code() == Some(124) => bail!(
            "{} did not finish within {} minutes; the kernel's last lines:{}",
            kernel.release,
            patience.as_secs() / 60,
            guest::cause_of_death(&log)
        ),
        None => bail!(
            "{} ended before the command did ({ended}); the kernel's last lines:{}",
            kernel.release,
            guest::cause_of_death(&log)
        ),
    }
}

/// Offers this machine's root on a socket.
fn share(socket: &Path, log: &Path) -> Result<Child> {
    let program = VIRTIOFSD.iter().find(|path| Path::new(path).is_file());
    let program = program.context("no virtiofsd: run `cargo xtask setup`")?;
    let _ = fs::remove_file(socket);
    let log = fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = root::command(program);
    command.arg(format!("--socket-path={}", socket.display()));
    // A mount namespace of its own is more than a container may give it.
    command.args(["-o", "source=/", "-o", "sandbox=chroot", "-o", "cache=always"]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while !socket.exists() {
        if child.try_wait()?.is_some() || Instant::now() > deadline {
            let _ = child.kill();
            bail!(
                "{program} does not serve: see virtiofsd.log beside {}",
                socket.display()
            );
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}

/// An emulated machine: KVM is not to be had everywhere, and where it is nested it may hang.
fn qemu(kernel: &Kernel, archive: &Path, socket: &Path, console: &Path, patience: Duration) -> Command {
    let mut command = root::command("timeout");
    command
        .args(["--foreground", "--kill-after=10"])
        .arg(patience.as_secs().to_string());
    command.args([
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        PROCESSOR,
        "-smp",
        "2",
    ]);
    command.arg("-m").arg(format!("{MEBIBYTES}"));
    // virtiofsd reads and writes the guest's memory.
    command.arg("-object").arg(format!(
        "memory-backend-memfd,id=memory,size={MEBIBYTES}M,share=on"
    ));
    command.args(["-machine", "q35,memory-backend=memory"]);
    command
        .arg("-chardev")
        .arg(format!("socket,id=files,path={}", socket.display()));
    command.args(["-device", "vhost-user-fs-pci,chardev=files,tag=host"]);
    command.args(["-nodefaults", "-display", "none", "-no-reboot"]);
    // First port: the kernel's log. Second port: the command's output.
    command
        .arg("-serial")
        .arg(format!("file:{}", console.display()))
        .args(["-serial", "stdio"]);
    command
        .arg("-kernel")
        .arg(kernel.image())
        .arg("-initrd")
        .arg(archive);
    command.args(["-append", "console=ttyS0 panic=-1 loglevel=4"]);
    command.stdin(Stdio::null());
    command
}
