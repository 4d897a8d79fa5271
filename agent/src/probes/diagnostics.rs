//! The kernel programs' own words (aya-log), for whoever looks for a fault in them. Off unless asked for: then the
//! programs skip them, and nothing is read.

use std::io;

use aya::Ebpf;
use aya_log::EbpfLogger;
use log::Log;
use tokio::io::unix::AsyncFd;

use super::{ProbeError, readiness::watch};
use crate::config::KernelLog;

/// Global in the object: what is above it is not said.
pub(super) const LEVEL: &str = aya_log::LEVEL;

/// Passes the words on to the agent's own log.
pub struct Diagnostics(AsyncFd<EbpfLogger<&'static dyn Log>>);

impl Diagnostics {
    /// `None` when the level is `off`. Call it before the programs are attached, so that nothing is missed.
    pub(super) fn listen(ebpf: &mut Ebpf, level: KernelLog) -> Result<Option<Self>, ProbeError> {
        if level == KernelLog::Off {
            return Ok(None);
        }
        let logger =
            EbpfLogger::init(ebpf).map_err(|error| ProbeError::Diagnostics(io::Error::other(error)))?;
        watch(logger)
            .map(|logger| Some(Self(logger)))
            .map_err(ProbeError::Diagnostics)
    }

    /// Passes on until dropped.
    pub async fn run(mut self) {
        while let Ok(mut ready) = self.0.readable_mut().await {
            ready.get_inner_mut().flush();
            ready.clear_ready();
        }
    }
}
