//! Whether a file is still what a process started.

use std::io;

use jiff::{SignedDuration, Timestamp};
use rustix::fs::{AtFlags, StatxFlags, StatxTimestamp, statx};

use super::{Executed, Opened, Root, State};

/// A file may be written just before or, by a process that then executes it, just after the process began; and the
/// kernel tells the times of files to a few milliseconds.
const SLACK: SignedDuration = SignedDuration::from_secs(1);

/// Of an executable that runs: exact, by what its path leads to now.
pub(super) fn of_running(root: &Root, path: &str, running: &Opened) -> State {
    match root.file(path) {
        Ok(now) if (now.stat.st_dev, now.stat.st_ino) == (running.stat.st_dev, running.stat.st_ino) => {
            State::Intact
        }
        Ok(_) => State::Replaced,
        Err(error) if is_missing(&error) => State::Deleted,
        Err(_) => State::Unknown,
    }
}

/// Of an executable whose process has gone: by its number, where stat(2) says the same device as the kernel does (not on
/// btrfs and overlayfs), and by its times.
pub(super) fn of_executed(
    opened: &io::Result<Opened>,
    executed: Option<Executed>,
    started: Option<Timestamp>,
) -> State {
    if let (Ok(now), Some(executed)) = (opened, executed)
        && now.stat.st_dev == executed.device
        && now.stat.st_ino != executed.inode
    {
        return State::Replaced;
    }
    by_times(opened.as_ref(), started)
}

/// Of a file of which only the path is known, by its times: born or written to after the start is replaced.
///
/// Who may write the file may set the time of the last write back (utimensat(2)), but neither that of its birth nor that
/// of its last change. The latter also moves with a link or a permission, so alone it proves nothing: unknown.
pub(super) fn by_times(opened: Result<&Opened, &io::Error>, started: Option<Timestamp>) -> State {
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) if is_missing(error) => return State::Deleted,
        Err(_) => return State::Unknown,
    };
    let wanted = StatxFlags::MTIME | StatxFlags::CTIME | StatxFlags::BTIME;
    let Some(started) = started.and_then(|started| started.checked_add(SLACK).ok()) else {
        return State::Unknown;
    };
    let Ok(times) = statx(&opened.file, "", AtFlags::EMPTY_PATH, wanted) else {
        return State::Unknown;
    };
    let is_after = |time: StatxTimestamp| {
        let nanoseconds = i32::try_from(time.tv_nsec).unwrap_or(0);
        Timestamp::new(time.tv_sec, nanoseconds).is_ok_and(|time| time > started)
    };
    let has_birth = StatxFlags::from_bits_retain(times.stx_mask).contains(StatxFlags::BTIME);
    if is_after(times.stx_mtime) || (has_birth && is_after(times.stx_btime)) {
        State::Replaced
    } else if is_after(times.stx_ctime) {
        State::Unknown
    } else {
        State::Intact
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
