use super::*;

#[test]
fn the_id_stays() {
    let folder = tempfile::tempdir().unwrap();
    let first = load(folder.path()).unwrap();
    assert_eq!(load(folder.path()).unwrap(), first);
    assert!(!first.host.is_empty() && !first.kernel.is_empty());
}

#[test]
fn a_damaged_id_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "{\"id\": ").unwrap();
    let first = load(folder.path()).unwrap();
    assert_eq!(load(folder.path()).unwrap().id, first.id);
}

#[test]
fn a_cloned_host_is_another_agent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    let first = agent_id(&file, Some("a")).unwrap();
    assert_eq!(agent_id(&file, Some("a")).unwrap(), first);
    assert_ne!(agent_id(&file, Some("b")).unwrap(), first);
}

#[test]
fn a_folder_that_cannot_be_written_has_a_remedy() {
    let message = load(Path::new("/proc/nowhere")).unwrap_err().to_string();
    assert!(
        message.contains("cannot write the agent's id at /proc/nowhere/"),
        "{message}"
    );
    assert!(message.contains("[spool] directory"), "{message}");
}
