//! Who this agent is: a random id that lives beside the spool, and the host's own names.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use tracing::warn;
use umbra_report::Agent;
use uuid::Uuid;

/// In the spool's folder.
const FILE: &str = "agent-id.json";

const MACHINE_ID: &str = "/etc/machine-id";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The agent's id cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot {verb} the agent's id at {}: {source}; give the agent a folder that it can write with `[spool] directory`",
    path.display()
)]
pub struct IdentityError {
    verb: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    /// Machine id of the host that made the id: a clone of the host is another agent.
    machine_id: Option<String>,
}

/// Reads the agent's id from `folder`, or makes one, and asks the host for the rest.
///
/// Fails when the file cannot be read or written; a damaged one is replaced.
pub fn load(folder: &Path) -> Result<Agent, IdentityError> {
    let machine_id = machine_id();
    let id = agent_id(&folder.join(FILE), machine_id.as_deref())?;
    let host = rustix::system::uname();
    Ok(Agent {
        id,
        host: host.nodename().to_string_lossy().into_owned(),
        machine_id,
        boot_id: boot_id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        kernel: host.release().to_string_lossy().into_owned(),
    })
}

fn agent_id(path: &Path, machine_id: Option<&str>) -> Result<Uuid, IdentityError> {
    match fs::read(path) {
        Ok(bytes) => match serde_json::from_slice::<Kept>(&bytes) {
            Ok(kept) if kept.machine_id.as_deref() == machine_id => return Ok(kept.id),
            Ok(_) => warn!("this host is a copy of another one: the agent takes a new id"),
            Err(error) => warn!(
                "the agent's id at {} is damaged ({error}): it takes a new one",
                path.display()
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => {
            return Err(IdentityError {
                verb: "read",
                path: path.to_owned(),
                source,
            });
        }
    }
    let kept = Kept {
        id: Uuid::new_v4(),
        machine_id: machine_id.map(str::to_owned),
    };
    keep(path, &kept)?;
    Ok(kept.id)
}

/// Gives the agent another id: another host uses this one.
pub(crate) fn replace(folder: &Path, id: Uuid, machine_id: Option<String>) -> Result<(), IdentityError> {
    keep(&folder.join(FILE), &Kept { id, machine_id })
}

fn keep(path: &Path, kept: &Kept) -> Result<(), IdentityError> {
    write(path, kept).map_err(|source| IdentityError {
        verb: "write",
        path: path.to_owned(),
        source,
    })
}

/// Whole or not at all: a power cut leaves no half of an id.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let new = path.with_extension("new");
    let file = fs::File::create(&new)?;
    serde_json::to_writer(&file, kept)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Empty or absent in many containers (machine-id(5)).
fn machine_id() -> Option<String> {
    let text = fs::read_to_string(MACHINE_ID).ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Absent where `/proc` is hidden (random(4)).
pub(crate) fn boot_id() -> Option<Uuid> {
    fs::read_to_string(BOOT_ID).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
