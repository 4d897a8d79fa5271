use std::os::unix::fs::MetadataExt as _;

use super::*;

#[test]
fn the_key_is_private_kept_whole_and_of_one_agent() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = Uuid::new_v4();
    assert!(Kept::load(folder.path(), agent).expect("no file").is_none());
    let kept = Kept::new(agent).expect("a key");
    kept.save(folder.path()).expect("saved");
    let file = folder.path().join("enrolment.json");
    let mode = fs::metadata(&file).expect("the file").mode();
    assert_eq!(mode & 0o777, 0o600);
    let loaded = Kept::load(folder.path(), agent)
        .expect("readable")
        .expect("there");
    assert_eq!(loaded.key, kept.key);
    assert!(
        loaded
            .request()
            .expect("a request")
            .contains("CERTIFICATE REQUEST")
    );
    assert!(
        Kept::load(folder.path(), Uuid::new_v4())
            .expect("readable")
            .is_none()
    );
    fs::write(&file, "{").expect("a file");
    assert!(Kept::load(folder.path(), agent).expect("readable").is_none());
}
