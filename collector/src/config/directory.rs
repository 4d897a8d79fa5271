use std::env;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

const NAME: &str = "umbra-collector";

/// Where the database is kept unless told otherwise: what systemd gives the service, root's place for such data, or
/// the user's (XDG Base Directory Specification).
pub(super) fn default() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(directories) = set("STATE_DIRECTORY") {
        // systemd.exec(5): several are separated by colons.
        return env::split_paths(&directories).next();
    }
    if is_root() {
        return Some(PathBuf::from("/var/lib").join(NAME));
    }
    let state = set("XDG_STATE_HOME")
        .map(PathBuf::from)
        // The specification has relative paths ignored.
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".local/state")))?;
    Some(state.join(NAME))
}

/// Whether this process runs as root: the owner of its own entry in `/proc` says so without a system call of C.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
