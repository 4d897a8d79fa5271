use std::process::Command;

use super::of;

/// What `id` of coreutils says.
fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}

#[test]
fn a_user_is_in_the_groups_that_id_tells() {
    let Some(all) = id(&["-Gn", "root"]) else {
        println!("skipped: this host has no `id`");
        return;
    };
    let mut expected: Vec<_> = all.split(' ').collect();
    expected.sort_unstable();
    assert_eq!(of(0).expect("root has groups"), expected);
}

#[test]
fn of_whom_nobody_knows_the_groups_are_not_known() {
    // Above all ranges that are given out, and not one of those that stand for nobody.
    assert_eq!(of(u32::MAX - 42), None);
}
