//! The process table: who runs what, from fork, exec and exit.
//!
//! Raw tracepoints, because they need no tracefs; their arguments are those of the `TP_PROTO`s in
//! `include/trace/events/sched.h`, unchanged from 5.10 to 6.18.

use aya_ebpf::{
    helpers::{
        bpf_get_current_cgroup_id, bpf_ktime_get_boot_ns,
        generated::{bpf_probe_read_kernel_str, bpf_probe_read_user},
    },
    macros::{map, raw_tracepoint},
    maps::PerCpuArray,
    programs::RawTracePointContext,
};
use umbra_agent_common::{
    counter::Counter,
    process::{
        ARGUMENTS_MAX, CUT_ARGUMENTS, CUT_DIRECTORY, CUT_EXECUTABLE, GIVEN_MAX, INTERPRETED, Image, ImageKey,
        LINKS_UNKNOWN, NO_LOGIN, NO_SESSION, NO_USER, PATH_MAX, Process, ProcessKey,
    },
};

use crate::{
    maps::{IMAGES, PROCESSES, count, offsets},
    path::walk,
    task::{KernelPointer, current, namespaces, process_of, terminal, user_and_group},
};

/// Kinds of files (`include/uapi/linux/stat.h`).
const S_IFMT: u16 = 0o170_000;
const S_IFSOCK: u16 = 0o140_000;
/// Address families (`include/linux/socket.h`).
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Where an image is put together; one a processor.
#[map]
static IMAGE: PerCpuArray<Image> = PerCpuArray::with_max_entries(1, 0);

/// Where a process is put together: for fork and for exec. Not on the stack, of which the verifier would follow what each
/// field that is or is not there leaves behind, and all of their combinations through the walks.
#[map]
static DRAFTS: PerCpuArray<Process> = PerCpuArray::with_max_entries(2, 0);
const FORKED: u32 = 0;
const EXECUTED: u32 = 1;

/// `sched_process_fork(parent, child)`.
#[raw_tracepoint(tracepoint = "sched_process_fork")]
pub fn umbra_fork(ctx: RawTracePointContext) -> i32 {
    let _ = forked(KernelPointer(ctx.arg(0)), KernelPointer(ctx.arg(1)));
    0
}

/// `sched_process_exec(task, old_pid, bprm)`.
#[raw_tracepoint(tracepoint = "sched_process_exec")]
pub fn umbra_exec(ctx: RawTracePointContext) -> i32 {
    let _ = executed(KernelPointer(ctx.arg(0)), KernelPointer(ctx.arg(2)));
    0
}

/// `sched_process_exit(task)`.
#[raw_tracepoint(tracepoint = "sched_process_exit")]
pub fn umbra_exit(ctx: RawTracePointContext) -> i32 {
    let _ = exited(KernelPointer(ctx.arg(0)));
    0
}

#[inline(always)]
fn forked(parent: KernelPointer, child: KernelPointer) -> Option<()> {
    let key = process_of(child)?;
    if child.follow(offsets().task_group_leader)? != child {
        return None; // a thread
    }
    let mut image = ImageKey::default();
    if let Some(forker) = PROCESSES.get_ptr_mut(&process_of(parent)?) {
        // SAFETY: the entry stays valid while the program runs (RCU). A count that is lost to another processor was
        // not the first.
        unsafe {
            (*forker).children += 1;
            image = (*forker).image;
        }
    }
    // SAFETY: as at `IMAGE`; only another fork.
    let process = unsafe { &mut *DRAFTS.get_ptr_mut(FORKED)? };
    see(child, process);
    process.image = image;
    record(&key, process)
}

#[inline(always)]
fn executed(task: KernelPointer, bprm: KernelPointer) -> Option<()> {
    count(Counter::Execs);
    let key = process_of(task)?;
    // SAFETY: the helper has no preconditions.
    let executed_ns = unsafe { bpf_ktime_get_boot_ns() };
    let mut image_key = ImageKey {
        executed_ns,
        pid: key.pid,
        reserved: 0,
    };
    // SAFETY: this processor's slot; a preempting program could only be another exec on this processor.
    let image = unsafe { &mut *IMAGE.get_ptr_mut(0)? };
    describe(task, image);
    identify(task, image);
    given(bprm, image);
    peer(task, image);
    if IMAGES.insert(&image_key, &*image, 0).is_err() {
        count(Counter::ImagesLost);
        image_key = ImageKey::default();
    }
    // SAFETY: likewise.
    let process = unsafe { &mut *DRAFTS.get_ptr_mut(EXECUTED)? };
    see(task, process);
    process.image = image_key;
    // SAFETY: the entry is copied at once.
    if let Some(before) = unsafe { PROCESSES.get(&key) }.copied() {
        // Who started it, also when that one has ended and another took it in (`reparent_to_init`, subreapers).
        process.parent = before.parent;
        process.children = before.children;
        process.flows = before.flows;
        forget_image(&key, &before);
    }
    record(&key, process)
}

#[inline(always)]
fn exited(task: KernelPointer) -> Option<()> {
    let signal = task.follow(offsets().task_signal)?;
    // The count is taken down before the tracepoint (`do_exit`): 0 says that this was the last thread.
    if signal.read::<i32>(offsets().signal_live)? != 0 {
        return None;
    }
    count(Counter::Exits);
    let key = process_of(task)?;
    let process = PROCESSES.get_ptr_mut(&key)?;
    // SAFETY: the entry stays valid while the program runs (RCU).
    let last = unsafe {
        (*process).exited_ns = bpf_ktime_get_boot_ns();
        *process
    };
    if is_nobodys(&last) {
        let _ = PROCESSES.remove(&key);
        forget_image(&key, &last);
    }
    Some(())
}

/// Whether nobody will ask for the process: it opened no flow, and is no ancestor.
#[inline(always)]
fn is_nobodys(process: &Process) -> bool {
    process.children == 0 && process.flows == 0
}

/// Takes out what `process` executed, if it was the process itself and nobody will ask for it.
#[inline(always)]
fn forget_image(key: &ProcessKey, process: &Process) {
    if is_nobodys(process) && process.image.pid == key.pid {
        let _ = IMAGES.remove(&process.image);
    }
}

/// A process as it is now, without its image.
#[inline(always)]
fn see(task: KernelPointer, process: &mut Process) {
    let offsets = offsets();
    process.parent = task
        .follow(offsets.task_real_parent)
        .and_then(process_of)
        .unwrap_or_default();
    process.image = ImageKey::default();
    process.exited_ns = 0;
    // SAFETY: the helper has no preconditions. A child begins in its parent's cgroup, unless clone3 says otherwise.
    process.cgroup = unsafe { bpf_get_current_cgroup_id() };
    let (uid, gid) = user_and_group(task).unwrap_or((NO_USER, NO_USER));
    process.uid = uid;
    process.gid = gid;
    process.login_uid = task.read(offsets.task_loginuid).unwrap_or(NO_LOGIN);
    process.session_id = task.read(offsets.task_sessionid).unwrap_or(NO_SESSION);
    process.children = 0;
    process.flows = 0;
    namespaces(task, &mut process.namespaces);
    process.terminal = terminal(task).unwrap_or(0);
    process.reserved = 0;
}

/// The running process opens a flow: it may have gone elsewhere since it was entered.
#[inline(always)]
pub fn connects() {
    let task = current();
    if let Some(process) = process_of(task).and_then(|key| PROCESSES.get_ptr_mut(&key)) {
        // SAFETY: the entry stays valid while the program runs (RCU); threads that connect at once say the same.
        unsafe { namespaces(task, &mut (*process).namespaces) };
    }
}

/// Enters a process into the table, or what has become of it.
#[inline(always)]
fn record(key: &ProcessKey, process: &Process) -> Option<()> {
    if PROCESSES.insert(key, process, 0).is_err() {
        count(Counter::ProcessesLost);
    }
    Some(())
}

/// Fills in what the task has just executed. At this point it has not run yet and has no other thread, so nobody can
/// change its memory behind our back.
#[inline(always)]
fn describe(task: KernelPointer, image: &mut Image) {
    image.flags = 0;
    image.executable_start = PATH_MAX as u32;
    image.directory_start = PATH_MAX as u32;
    image.arguments_length = 0;
    let offsets = offsets();
    if let Some(mm) = task.follow(offsets.task_mm) {
        arguments(mm, image);
        if let Some(file) = mm.follow(offsets.mm_exe_file) {
            let path = file.0 + u64::from(offsets.file_path);
            if !walk(path, &raw mut image.executable_start, &raw mut image.executable) {
                image.flags |= CUT_EXECUTABLE;
            }
        }
    }
    if let Some(fs) = task.follow(offsets.task_fs) {
        let path = fs.0 + u64::from(offsets.fs_pwd);
        if !walk(path, &raw mut image.directory_start, &raw mut image.directory) {
            image.flags |= CUT_DIRECTORY;
        }
    }
}

/// Which file it is, whatever its path leads to later.
#[inline(always)]
fn identify(task: KernelPointer, image: &mut Image) -> Option<()> {
    let offsets = offsets();
    image.inode = 0;
    image.device = 0;
    image.links = LINKS_UNKNOWN;
    let file = task.follow(offsets.task_mm)?.follow(offsets.mm_exe_file)?;
    let inode = file.follow(offsets.file_inode)?;
    image.device = inode.follow(offsets.inode_sb)?.read(offsets.sb_device)?;
    image.inode = inode.read(offsets.inode_number)?;
    image.links = inode.read(offsets.inode_links).unwrap_or(LINKS_UNKNOWN);
    Some(())
}

/// What was given to `execve`, and whether the kernel has put another program in its place.
#[inline(always)]
fn given(bprm: KernelPointer, image: &mut Image) -> Option<()> {
    image.given_length = 0;
    let offsets = offsets();
    let given = bprm.follow(offsets.bprm_filename)?;
    // SAFETY: `given` has `GIVEN_MAX` bytes; the helper checks the address itself.
    let length = unsafe {
        bpf_probe_read_kernel_str(
            image.given.as_mut_ptr().cast(),
            GIVEN_MAX as u32,
            given.0 as *const _,
        )
    };
    // A path that fills the room may be longer.
    if length > 0 && length < GIVEN_MAX as i64 {
        image.given_length = length as u32;
    }
    if bprm.follow(offsets.bprm_interp)? != given {
        image.flags |= INTERPRETED;
    }
    Some(())
}

/// Whom it serves, if its standard input is a connection: `inetd`, systemd (`Accept=yes`) and sshd start programs so.
#[inline(always)]
fn peer(task: KernelPointer, image: &mut Image) -> Option<()> {
    let offsets = offsets();
    image.peer_family = 0;
    image.peer = [0; 16];
    let files = task.follow(offsets.task_files)?.follow(offsets.files_table)?;
    let input = files.follow(offsets.table_files)?.follow(0)?;
    let mode = input
        .follow(offsets.file_inode)?
        .read::<u16>(offsets.inode_mode)?;
    if mode & S_IFMT != S_IFSOCK {
        return None;
    }
    let sock = input.follow(offsets.file_private)?.follow(offsets.socket_sock)?;
    let family = sock.read::<u16>(offsets.sock_family)?;
    match family {
        AF_INET => {
            let address = sock.read::<[u8; 4]>(offsets.sock_remote)?;
            image.peer[..4].copy_from_slice(&address);
        }
        AF_INET6 => image.peer = sock.read(offsets.sock_remote_v6)?,
        _ => return None,
    }
    image.peer_family = u32::from(family);
    Some(())
}

#[inline(always)]
fn arguments(mm: KernelPointer, image: &mut Image) {
    let offsets = offsets();
    let (Some(start), Some(end)) = (
        mm.read::<u64>(offsets.mm_arg_start),
        mm.read::<u64>(offsets.mm_arg_end),
    ) else {
        return;
    };
    let mut length = end.saturating_sub(start);
    if length > ARGUMENTS_MAX as u64 {
        length = ARGUMENTS_MAX as u64;
        image.flags |= CUT_ARGUMENTS;
    }
    // Says the bound once more in a form that every verifier keeps; 4096 itself must stay possible.
    let length = if length == ARGUMENTS_MAX as u64 {
        ARGUMENTS_MAX as u32
    } else {
        length as u32 & 0xfff
    };
    // SAFETY: `arguments` has `ARGUMENTS_MAX` bytes; the helper checks the user address itself.
    let failed =
        unsafe { bpf_probe_read_user(image.arguments.as_mut_ptr().cast(), length, start as *const _) } != 0;
    image.arguments_length = if failed { 0 } else { length };
}
