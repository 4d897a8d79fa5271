use super::*;

#[test]
fn a_second_one_is_told_who_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let first = Lock::take(&path).unwrap();
    let message = Lock::take(&path).unwrap_err().to_string();
    assert!(
        message.contains(&format!("another umbra-agent (process {})", std::process::id())),
        "{message}"
    );
    drop(first);
    Lock::take(&path).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written_has_a_remedy() {
    let message = Lock::take(Path::new("/proc/nowhere/lock"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("cannot take the lock /proc/nowhere/lock") && message.contains("as root"),
        "{message}"
    );
}
