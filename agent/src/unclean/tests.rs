use super::*;

#[test]
fn a_kill_is_noticed_and_an_orderly_end_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (marker, left_over) = Marker::set(folder.path()).unwrap();
    assert!(!left_over);
    marker.clear().unwrap();
    let (killed, left_over) = Marker::set(folder.path()).unwrap();
    assert!(!left_over);
    drop(killed);
    assert!(Marker::set(folder.path()).unwrap().1);
}
