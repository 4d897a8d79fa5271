//! Loads each program into the kernel and attaches it to the root of cgroup v2, or to its tracepoint.
//!
//! All attachments are links (5.7 and later), so that they go when the agent goes, also when it is killed.

use std::{collections::HashMap, os::fd::AsFd as _, thread};

use aya::{
    Ebpf,
    maps::ProgramArray,
    programs::{
        CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSock, CgroupSockAddr, Program, ProgramError,
        RawTracePoint, SockOps,
    },
};

use tracing::debug;

use super::{CgroupRoot, ProbeError, is_not_permitted, map_error};

/// How a program is attached.
#[derive(Clone, Copy, Debug)]
pub enum Hook {
    /// `connect` at the root of cgroup v2.
    Connect,
    /// Packets that leave.
    Egress,
    /// Packets that come in.
    Ingress,
    /// The end of a socket.
    Release,
    /// A TCP socket's milestones.
    Socket,
    /// Nowhere: the one for packets that leave goes over to it, by this map.
    Behind(&'static str),
    /// A raw tracepoint.
    Tracepoint(&'static str),
}

/// A program of the object, and since when kernels have what it needs.
#[derive(Clone, Copy, Debug)]
pub struct ProgramSpec {
    /// Its function's name.
    pub name: &'static str,
    /// Where it goes.
    pub hook: Hook,
    /// What it is for.
    pub purpose: &'static str,
}

/// In the order of attaching: who knows processes comes before who asks for them.
pub const PROGRAMS: [ProgramSpec; 11] = [
    spec(
        "umbra_fork",
        Hook::Tracepoint("sched_process_fork"),
        "which process came from which",
    ),
    spec(
        "umbra_exec",
        Hook::Tracepoint("sched_process_exec"),
        "what a process runs",
    ),
    spec(
        "umbra_exit",
        Hook::Tracepoint("sched_process_exit"),
        "when it ends",
    ),
    spec(
        "umbra_cgroup",
        Hook::Tracepoint("cgroup_mkdir"),
        "paths of control groups",
    ),
    spec("umbra_socket", Hook::Socket, "bytes of a flow, at its end"),
    spec(
        "umbra_release",
        Hook::Release,
        "when a QUIC flow's socket is closed",
    ),
    spec(
        "umbra_ingress",
        Hook::Ingress,
        "DNS answers, and bytes of QUIC flows",
    ),
    spec(
        "umbra_preamble",
        Hook::Behind("PREAMBLE"),
        "the same, of what comes in pieces",
    ),
    spec("umbra_egress", Hook::Egress, "the name that a flow asks for"),
    spec("umbra_connect4", Hook::Connect, "who opens an IPv4 flow"),
    spec("umbra_connect6", Hook::Connect, "who opens an IPv6 flow"),
];

const fn spec(name: &'static str, hook: Hook, purpose: &'static str) -> ProgramSpec {
    ProgramSpec { name, hook, purpose }
}

/// Keeps the programs attached as long as it lives.
pub struct Attached {
    _ebpf: Ebpf,
}

/// Attaches [`PROGRAMS`], which are loaded.
pub(super) fn attach(mut ebpf: Ebpf, cgroup: &CgroupRoot) -> Result<Attached, ProbeError> {
    for spec in &PROGRAMS {
        if let Hook::Behind(map) = spec.hook {
            put_behind(&mut ebpf, spec, map)?;
        } else {
            let program = program(&mut ebpf, spec)?;
            attach_one(program, spec, cgroup).map_err(|source| error(spec, source))?;
        }
    }
    Ok(Attached { _ebpf: ebpf })
}

/// Loads them at the same time: the kernel checks each for itself, and the large ones take a tenth of a second.
pub(super) fn load_all(ebpf: &mut Ebpf) -> Result<(), ProbeError> {
    thread::scope(|scope| {
        let mut loading = HashMap::new();
        for (name, program) in ebpf.programs_mut() {
            if let Some(spec) = PROGRAMS.iter().find(|spec| spec.name == name) {
                loading.insert(spec.name, scope.spawn(|| load(program, spec)));
            }
        }
        // Told in one order, whichever fails first.
        PROGRAMS.iter().try_for_each(|spec| {
            let loading = loading.remove(spec.name).ok_or(ProbeError::Missing(spec.name))?;
            loading.join().unwrap_or(Err(ProbeError::Missing(spec.name)))
        })
    })
}

/// Loads a program without attaching it: what `umbra-agent check` asks.
pub fn try_load(ebpf: &mut Ebpf, spec: &ProgramSpec) -> Result<(), ProbeError> {
    load(program(ebpf, spec)?, spec)
}

fn program<'a>(ebpf: &'a mut Ebpf, spec: &ProgramSpec) -> Result<&'a mut Program, ProbeError> {
    ebpf.program_mut(spec.name).ok_or(ProbeError::Missing(spec.name))
}

fn load(program: &mut Program, spec: &ProgramSpec) -> Result<(), ProbeError> {
    match spec.hook {
        Hook::Connect => <&mut CgroupSockAddr>::try_from(program).and_then(CgroupSockAddr::load),
        Hook::Egress | Hook::Ingress | Hook::Behind(_) => {
            <&mut CgroupSkb>::try_from(program).and_then(CgroupSkb::load)
        }
        Hook::Release => <&mut CgroupSock>::try_from(program).and_then(CgroupSock::load),
        Hook::Socket => <&mut SockOps>::try_from(program).and_then(SockOps::load),
        Hook::Tracepoint(_) => <&mut RawTracePoint>::try_from(program).and_then(RawTracePoint::load),
    }
    .map_err(|source| error(spec, source))
}

/// Tells the kernel which program `map` stands for. It forgets that when nobody holds the map any more.
fn put_behind(ebpf: &mut Ebpf, spec: &ProgramSpec, map: &'static str) -> Result<(), ProbeError> {
    let behind = program(ebpf, spec)?
        .fd()
        .and_then(|fd| Ok(fd.try_clone()?))
        .map_err(|source| error(spec, source))?;
    let array = ebpf.map_mut(map).ok_or(ProbeError::Missing(map))?;
    ProgramArray::try_from(array)
        .and_then(|mut array| array.set(0, &behind, 0))
        .map_err(map_error(map))
}

fn attach_one(program: &mut Program, spec: &ProgramSpec, cgroup: &CgroupRoot) -> Result<(), ProgramError> {
    // No flag: links always share their place with others' programs (`cgroup_bpf_link_attach` sets BPF_F_ALLOW_MULTI
    // by itself and refuses to be told).
    let mode = CgroupAttachMode::Single;
    let root = cgroup.as_fd();
    match spec.hook {
        Hook::Connect => <&mut CgroupSockAddr>::try_from(program)?
            .attach(root, mode)
            .map(|_| ()),
        Hook::Egress => <&mut CgroupSkb>::try_from(program)?
            .attach(root, CgroupSkbAttachType::Egress, mode)
            .map(|_| ()),
        Hook::Ingress => <&mut CgroupSkb>::try_from(program)?
            .attach(root, CgroupSkbAttachType::Ingress, mode)
            .map(|_| ()),
        Hook::Behind(_) => Ok(()),
        Hook::Release => <&mut CgroupSock>::try_from(program)?
            .attach(root, mode)
            .map(|_| ()),
        Hook::Socket => <&mut SockOps>::try_from(program)?.attach(root, mode).map(|_| ()),
        Hook::Tracepoint(name) => <&mut RawTracePoint>::try_from(program)?.attach(name).map(|_| ()),
    }
}

fn error(spec: &ProgramSpec, source: ProgramError) -> ProbeError {
    let log = match &source {
        ProgramError::LoadError { verifier_log, .. } => verifier_log.to_string(),
        _ => String::new(),
    };
    // The verifier says EACCES too, but never without a log.
    if log.is_empty() && is_not_permitted(&source) {
        return ProbeError::NotPermitted;
    }
    debug!("the verifier's log of {}:\n{log}", spec.name);
    let reason = verdict(&log).map_or_else(|| source.to_string(), str::to_owned);
    ProbeError::Program {
        program: spec.name,
        reason,
        source: source.into(),
    }
}

/// The sentence with which the verifier ends its log, before its statistics.
fn verdict(log: &str) -> Option<&str> {
    let statistics = ["verification time", "stack depth", "processed", "max_states"];
    let is_sentence = |line: &&str| !line.is_empty() && !statistics.iter().any(|word| line.starts_with(word));
    log.lines().map(str::trim).rfind(is_sentence)
}

#[cfg(test)]
mod tests;
