//! A process's root directory, and files below it that others may have laid out to trick us.
//!
//! Links are followed, as the process would follow them, but never out of the root (openat2(2), Linux 5.6). Only regular
//! files are opened: opening a FIFO or a device may block or do something.

use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2, readlinkat},
    io::Errno,
};

/// A path is tried again when a rename elsewhere got in the way of following it (`EAGAIN`, openat2(2)).
const TRIES: usize = 4;

/// A directory that stands for `/`.
#[derive(Debug)]
pub(in crate::attribution) struct Root {
    directory: OwnedFd,
    /// Where it is in its mount namespace: not `/` after chroot(2).
    place: String,
}

/// An open regular file.
#[derive(Debug)]
pub(in crate::attribution) struct Opened {
    /// To be read.
    pub file: File,
    /// As it was when opened.
    pub stat: Stat,
    /// Its path below the root, with all links followed.
    pub path: String,
    /// It is the very file that a process executes, wherever its path leads now.
    pub running: bool,
}

/// A version of a file: another one, or one that was written to since, differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::attribution) struct FileId {
    device: u64,
    inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Opened {
    /// Which version of which file it is.
    pub(in crate::attribution) fn id(&self) -> FileId {
        FileId::of(&self.stat)
    }
}

impl FileId {
    // The kernel's types differ between architectures.
    #[allow(
        clippy::useless_conversion,
        clippy::cast_possible_wrap,
        clippy::unnecessary_cast
    )]
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev.into(),
            inode: stat.st_ino.into(),
            size: stat.st_size.into(),
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

impl Root {
    /// The directory at `path`, such as `/proc/1/root`.
    pub(in crate::attribution) fn open(path: &str) -> io::Result<Self> {
        Self::open_at(CWD, path)
    }

    /// The same, below `directory`.
    pub(super) fn open_at(directory: impl AsFd, path: &str) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat(directory, path, flags, Mode::empty())?;
        let place = link(&directory)?;
        Ok(Self { directory, place })
    }

    /// Whether both are the same directory.
    pub(in crate::attribution) fn is(&self, other: &Self) -> bool {
        let id = |root: &Self| fstat(&root.directory).map(|stat| (stat.st_dev, stat.st_ino));
        id(self).is_ok_and(|own| id(other) == Ok(own))
    }

    /// Which directory it is.
    pub(in crate::attribution) fn id(&self) -> Option<(u64, u64)> {
        let stat = fstat(&self.directory).ok()?;
        Some((stat.st_dev, stat.st_ino))
    }

    /// Opens a regular file.
    pub(in crate::attribution) fn file(&self, path: &str) -> io::Result<Opened> {
        let place = self.resolve(path, OFlags::PATH)?;
        let stat = fstat(&place)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no regular file"));
        }
        // It is the file that was looked at, whatever its path has become.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(CWD, own_link(&place), flags, Mode::empty())?;
        Ok(Opened {
            path: self.inside(&link(&place)?).to_owned(),
            file: file.into(),
            stat,
            running: false,
        })
    }

    /// Content of a file of at most `max` bytes; `None` when there is none, or it is larger.
    pub(in crate::attribution) fn read(&self, path: &str, max: usize) -> Option<Vec<u8>> {
        let opened = self.file(path).ok()?;
        let size = usize::try_from(opened.stat.st_size)
            .ok()
            .filter(|size| *size <= max)?;
        let mut content = Vec::with_capacity(size);
        // It may have grown, or say that it is empty (procfs).
        opened.file.take(max as u64 + 1).read_to_end(&mut content).ok()?;
        (content.len() <= max).then_some(content)
    }

    /// The same as text; what is not UTF-8 is replaced.
    pub(in crate::attribution) fn text(&self, path: &str, max: usize) -> Option<String> {
        let content = self.read(path, max)?;
        Some(
            String::from_utf8(content)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        )
    }

    /// Names in a directory, at most `max` of them, in no order.
    pub(in crate::attribution) fn names(&self, path: &str, max: usize) -> Vec<String> {
        let Ok(directory) = self.resolve(path, OFlags::RDONLY | OFlags::DIRECTORY) else {
            return Vec::new();
        };
        let Ok(entries) = Dir::new(directory) else {
            return Vec::new();
        };
        entries
            .map_while(Result::ok)
            .filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned))
            .filter(|name| name != "." && name != "..")
            .take(max)
            .collect()
    }

    fn resolve(&self, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
        let path = self.inside(path);
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut tries = 0;
        loop {
            tries += 1;
            match openat2(
                &self.directory,
                path,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                resolve,
            ) {
                Err(Errno::AGAIN) if tries < TRIES => {}
                result => return Ok(result?),
            }
        }
    }

    /// The kernel tells paths from the mount namespace's root, also to a process that lives below.
    fn inside<'a>(&self, path: &'a str) -> &'a str {
        let outside = self.place.trim_end_matches('/');
        path.strip_prefix(outside)
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path)
    }
}

/// Where an open file is.
fn link(file: &impl AsFd) -> io::Result<String> {
    let path = readlinkat(CWD, own_link(file), Vec::new())?;
    let path = path.to_string_lossy().into_owned();
    Ok(path.strip_suffix(" (deleted)").map(str::to_owned).unwrap_or(path))
}

fn own_link(file: &impl AsFd) -> String {
    format!("/proc/self/fd/{}", file.as_fd().as_raw_fd())
}
