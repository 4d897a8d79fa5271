use std::{fs, path::Path};

use super::*;

const PASSWD_TEXT: &str =
    "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann/:/bin/bash\nbroken:x\n";

fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    for (path, text) in files {
        write(root.path(), path, text);
    }
    root
}

fn write(root: &Path, path: &str, text: &str) {
    fs::write(root.join(path.trim_start_matches('/')), text).unwrap();
}

fn kinds(root: &tempfile::TempDir) -> Kinds {
    Kinds::within(root.path().to_str().unwrap())
}

#[test]
fn without_files_the_usual_boundaries_hold() {
    let root = host(&[]);
    let mut kinds = kinds(&root);
    for (uid, kind) in [
        (0, Kind::System),
        (999, Kind::System),
        (1_000, Kind::Person),
        (60_001, Kind::Person),
        (61_183, Kind::Person),
        (61_184, Kind::Dynamic),
        (65_519, Kind::Dynamic),
        (65_534, Kind::Nobody),
        (65_535, Kind::Nobody),
        (70_001, Kind::Person),
        (1_500_000_000, Kind::Person),
        (u32::MAX, Kind::Nobody),
    ] {
        assert_eq!(kinds.of(uid), kind, "{uid}");
    }
}

#[test]
fn a_root_that_is_not_there_is_one_without_files() {
    let mut kinds = Kinds::within("/nonexistent");
    assert_eq!((kinds.of(999), kinds.of(1_000)), (Kind::System, Kind::Person));
}

#[test]
fn files_set_the_boundaries() {
    let root = host(&[
        (LOGIN_DEFS, "# UID_MIN 7\nUID_MIN\t\t  500\nUID_MAX 60000\n"),
        (
            SUBUID,
            "ann:100000:65536\n1001:165536:65536\nlost:300000:10\nbad:x:1\nzero:400000:0\nover:4294967295:5\n",
        ),
        (PASSWD, PASSWD_TEXT),
    ]);
    let mut kinds = kinds(&root);
    for (uid, kind) in [
        (499, Kind::System),
        (500, Kind::Person),
        (99_999, Kind::Person),
        (100_000, Kind::Subordinate(Some(1_000))),
        (165_535, Kind::Subordinate(Some(1_000))),
        (165_536, Kind::Subordinate(Some(1_001))),
        (300_009, Kind::Subordinate(None)),
        (300_010, Kind::Person),
        (400_000, Kind::Person),
    ] {
        assert_eq!(kinds.of(uid), kind, "{uid}");
    }
    // The next question sees the change.
    write(root.path(), LOGIN_DEFS, "SYS_UID_MAX 199\n");
    assert_eq!((kinds.of(199), kinds.of(200)), (Kind::System, Kind::Person));
}

#[test]
fn homes_are_those_of_the_file() {
    let root = host(&[(PASSWD, PASSWD_TEXT)]);
    let root = Root::open(root.path().to_str().unwrap()).unwrap();
    assert_eq!(home(&root, 1_000).as_deref(), Some("/home/ann"));
    assert_eq!(home(&root, 1_001), None);
}
