//! Peers that read packets: the bed's interface is captured whole, and the capture is given to the peer.
//!
//! That is in a peer's favour: it never has to keep up, and may read everything before it says anything.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::{Observer, Watch};
use crate::TestBed;
use crate::machine::program;
use crate::process::Process;
use crate::scorecard::Observed;

/// How long packets may take from the kernel to the capture.
const LAST_PACKETS: Duration = Duration::from_millis(500);

/// Something that reads captures.
pub(super) trait Reader: Clone + 'static {
    /// As [`Observer::version`].
    fn version(&self) -> Result<String, String>;

    /// The flows of a capture; what it writes goes into the folder.
    fn read(&self, capture: &Path, folder: &Path) -> Vec<Observed>;
}

pub(super) struct Peer<R>(pub(super) R);

struct Capture<R> {
    reader: R,
    dumpcap: Process,
    file: PathBuf,
    folder: TempDir,
}

impl<R: Reader> Observer for Peer<R> {
    fn version(&self) -> Result<String, String> {
        program("dumpcap")?;
        self.0.version()
    }

    fn watch(&self, bed: &TestBed) -> Box<dyn Watch> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("capture.pcapng");
        let mut command = bed.command("dumpcap");
        // 64 MiB for what has not been written yet, so that nothing is lost.
        command.args(["-q", "-i", "lo", "-B", "64", "-w"]).arg(&file);
        let mut dumpcap = Process::start(&mut command);
        // Said when the interface is open.
        dumpcap.said("File: ", Duration::from_secs(20));
        Box::new(Capture {
            reader: self.0.clone(),
            dumpcap,
            file,
            folder,
        })
    }
}

impl<R: Reader> Watch for Capture<R> {
    fn finish(mut self: Box<Self>, _: &dyn Fn(&[Observed]) -> bool) -> Vec<Observed> {
        thread::sleep(LAST_PACKETS);
        let status = self.dumpcap.interrupt();
        assert!(status.success(), "dumpcap ended badly ({status})");
        self.reader.read(&self.file, self.folder.path())
    }
}
