use std::path::{Path, PathBuf};
use std::{fs, io};

use jiff::Timestamp;

/// How many damaged files are kept for whoever wants to look into them.
const KEPT: usize = 2;

/// Renames a damaged spool and its write-ahead log, so that `SQLite` can still open the two together.
///
/// Only the newest [`KEPT`] stay.
pub(crate) fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = file.parent().unwrap_or(Path::new("."));
    let aside = folder.join(format!("{name}.corrupt-{}", Timestamp::now().as_millisecond()));
    rename_if_there(&with_suffix(file, "-wal"), &with_suffix(&aside, "-wal"))?;
    rename_if_there(file, &aside)?;
    prune(folder, &format!("{name}.corrupt-"))?;
    Ok(aside)
}

fn prune(folder: &Path, prefix: &str) -> io::Result<()> {
    let mut old: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(prefix) && !name.ends_with("-wal")
        })
        .collect();
    old.sort();
    for path in &old[..old.len().saturating_sub(KEPT)] {
        fs::remove_file(path)?;
        // Not every spool had a log.
        let _ = fs::remove_file(with_suffix(path, "-wal"));
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
