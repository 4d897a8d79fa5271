//! The kernel side: loads the programs, attaches them, and hands out what they saw.

mod attach;
mod bell;
mod btf;
mod catalogue;
pub mod cgroup;
mod counters;
mod diagnostics;
pub mod offsets;
mod pieces;
mod readiness;
mod tables;

use std::{io, panic, path::PathBuf, thread};

use aya::{
    Ebpf, EbpfError, EbpfLoader,
    maps::{Map, MapError},
    programs::ProgramError,
};
use umbra_catalog::Catalogue;

use crate::config::KernelLog;

pub use attach::{Attached, PROGRAMS, ProgramSpec, try_load};
pub use bell::{Bell, Wakeups};
pub use catalogue::CatalogueTable;
pub use cgroup::CgroupRoot;
pub use counters::{Counters, Counts};
pub use diagnostics::Diagnostics;
pub use pieces::{Piece, Pieces};
pub use tables::{AddressTable, AnsweredTable, Cgroups, Flows, Processes, Verdicts};

/// Why the kernel side could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Neither root nor the capabilities.
    #[error(
        "loading the kernel programs was not permitted: run umbra-agent as root, or with the capabilities CAP_BPF, \
         CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_PTRACE"
    )]
    NotPermitted,
    /// No BTF.
    #[error(
        "cannot read the kernel's type information at {path}: {source}; Umbra needs a kernel built with \
         CONFIG_DEBUG_INFO_BTF (every current distribution's is) and /sys mounted"
    )]
    NoBtf {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// A BTF that cannot be understood.
    #[error(transparent)]
    BadBtf(#[from] btf::BadBtf),
    /// No cgroup v2.
    #[error(
        "cgroup v2 is not mounted, and mounting it privately failed: {source}; Umbra needs a kernel with \
         CONFIG_CGROUPS and CONFIG_CGROUP_BPF, and to run as root outside of containers"
    )]
    Cgroup {
        /// What went wrong.
        source: io::Error,
    },
    /// The object or a map was refused.
    #[error("the kernel refused Umbra's maps: {0}; `umbra-agent check` says what this kernel offers")]
    Load(#[source] Box<EbpfError>),
    /// A program was refused.
    #[error(
        "the kernel refused program {program}: {reason}; `umbra-agent check` says what this kernel offers, and with \
         RUST_LOG=debug why"
    )]
    Program {
        /// Its name.
        program: &'static str,
        /// The kernel's reason in a sentence.
        reason: String,
        /// The kernel's reason, with the verifier's log.
        source: Box<ProgramError>,
    },
    /// A map could not be read or written.
    #[error("cannot use map {map}: {source}")]
    Map {
        /// Its name.
        map: &'static str,
        /// The kernel's reason.
        source: Box<MapError>,
    },
    /// The object lacks a program or map: object and agent are of two versions.
    #[error("the kernel object has no {0}: agent and object were built from two versions")]
    Missing(&'static str),
    /// The kernel programs' own words cannot be read.
    #[error("cannot read the kernel programs' diagnostics: {0}; set `[probes] log = \"off\"`")]
    Diagnostics(#[source] io::Error),
    /// The ring buffer cannot be watched.
    #[error("cannot watch the ring buffer: {0}")]
    Bell(#[source] io::Error),
}

/// Everything that the rest of the agent needs of the kernel side.
pub struct Probes {
    /// The catalogue in the kernel.
    pub names: CatalogueTable,
    /// Rings when a catalogue flow was named or closed.
    pub bell: Bell,
    /// What the kernel could not read itself.
    pub pieces: Pieces,
    /// Catalogue flows, and flows that may be.
    pub flows: Flows,
    /// Tells the kernel what was read enough of.
    pub verdicts: Verdicts,
    /// Addresses that DNS answers gave.
    pub answered: AnsweredTable,
    /// Processes and what they executed.
    pub processes: Processes,
    /// Where they run.
    pub cgroups: Cgroups,
    /// Addresses of catalogue names.
    pub addresses: AddressTable,
    /// Counts by cause.
    pub counters: Counters,
    /// The kernel side's own words; `None` unless asked for.
    pub diagnostics: Option<Diagnostics>,
    /// Struct members that this kernel lacks.
    pub absent_fields: Vec<String>,
    /// Detaches the programs when dropped.
    pub attached: Attached,
}

/// Loads the object without attaching anything.
pub fn load(log: KernelLog) -> Result<(Ebpf, offsets::Found), ProbeError> {
    // aya 0.14 reads the kernel's type information as well, whether it is wanted or not: 60 ms, beside which ours are free.
    let (found, mut loader) = beside(|| offsets::find(offsets::KERNEL_BTF.as_ref()), EbpfLoader::new);
    let found = found?;
    let object = aya::include_bytes_aligned!(env!("UMBRA_EBPF_OBJECT_PATH"));
    let ebpf = loader
        // The programs have no CO-RE relocations: their offsets are globals.
        .btf(None)
        .override_global("OFFSETS", &found.offsets, true)
        .override_global(diagnostics::LEVEL, &log.level(), true)
        .load(object)
        .map_err(|error| {
            if is_not_permitted(&error) {
                ProbeError::NotPermitted
            } else {
                ProbeError::Load(error.into())
            }
        })?;
    Ok((ebpf, found))
}

/// Loads and attaches the programs; flows to `catalogue`'s names are seen from the moment that this returns.
pub fn start(catalogue: &Catalogue, log: KernelLog) -> Result<Probes, ProbeError> {
    let (mut ebpf, found) = load(log)?;
    let mut names = take(&mut ebpf, "CATALOGUE")?;
    let (written, loaded) = beside(
        || catalogue::write(&mut names, catalogue),
        || attach::load_all(&mut ebpf),
    );
    written?;
    loaded?;
    let names = CatalogueTable::new(names)?;
    let bell = Bell::new(take(&mut ebpf, "EVENTS")?)?;
    let flows = Flows::new(take(&mut ebpf, "FLOWS")?)?;
    let pieces = Pieces::new(take(&mut ebpf, "PIECES")?)?;
    let verdicts = Verdicts::new(take(&mut ebpf, "VERDICTS")?)?;
    let answered = AnsweredTable::new(take(&mut ebpf, "ANSWERS")?)?;
    let processes = Processes::new(take(&mut ebpf, "PROCESSES")?, take(&mut ebpf, "IMAGES")?)?;
    let cgroups = Cgroups::new(take(&mut ebpf, "CGROUPS")?)?;
    let counters = Counters::new(take(&mut ebpf, "COUNTERS")?)?;
    let addresses = AddressTable::new(take(&mut ebpf, "ADDRESSES")?)?;
    let diagnostics = Diagnostics::listen(&mut ebpf, log)?;
    let attached = attach::attach(ebpf, &CgroupRoot::open()?)?;
    Ok(Probes {
        names,
        bell,
        pieces,
        flows,
        verdicts,
        answered,
        processes,
        cgroups,
        addresses,
        counters,
        diagnostics,
        absent_fields: found.absent,
        attached,
    })
}

/// Runs both at the same time, the first on a thread of its own.
fn beside<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (
            first.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            second,
        )
    })
}

fn take(ebpf: &mut Ebpf, name: &'static str) -> Result<Map, ProbeError> {
    ebpf.take_map(name).ok_or(ProbeError::Missing(name))
}

fn map_error(map: &'static str) -> impl Fn(MapError) -> ProbeError {
    move |error| ProbeError::Map {
        map,
        source: error.into(),
    }
}

/// Whether the kernel said EPERM or EACCES, somewhere down the chain of causes.
fn is_not_permitted(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::PermissionDenied)
            || cause.to_string().contains("Operation not permitted")
    })
}
