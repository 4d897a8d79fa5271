use std::path::Path;

use super::*;

#[test]
fn the_hierarchy_s_root_is_found_beside_v1() {
    let hybrid = "\
30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,name=systemd
";
    assert_eq!(
        parse(hybrid).as_deref(),
        Some(Path::new("/sys/fs/cgroup/unified"))
    );
}

#[test]
fn a_mount_of_a_part_of_the_hierarchy_is_not_its_root() {
    let container = "31 30 0:27 /system.slice/docker-1.scope /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    assert_eq!(parse(container), None);
}
