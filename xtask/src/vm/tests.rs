use super::guest::{cause_of_death, exit_status};
use super::initramfs::load_order;
use super::kernel::newest;

#[test]
fn versions_are_compared_as_numbers() {
    let packages = [
        "linux-image-6.12.9+deb12-cloud-amd64",
        "linux-image-6.12.117+deb12-cloud-amd64",
    ];
    assert_eq!(newest(packages.into_iter()), Some(packages[1]));
    let packages = [
        "linux-image-6.1.0-56-cloud-amd64",
        "linux-image-6.1.0-9-cloud-amd64",
    ];
    assert_eq!(newest(packages.into_iter()), Some(packages[0]));
    assert_eq!(newest(std::iter::empty()), None);
}

#[test]
fn modules_load_after_what_they_need() {
    let table = "kernel/fs/fuse/virtiofs.ko: kernel/fs/fuse/fuse.ko kernel/drivers/virtio/virtio_ring.ko \
                 kernel/drivers/virtio/virtio.ko\nkernel/fs/fuse/fuse.ko:\nkernel/fs/overlayfs/overlay.ko.xz:\n\
                 kernel/fs/overlayfs/overlay2.ko:\n";
    let order = load_order(table, &["virtiofs", "overlay", "built_in"]);
    assert_eq!(
        order,
        [
            "kernel/drivers/virtio/virtio.ko",
            "kernel/drivers/virtio/virtio_ring.ko",
            "kernel/fs/fuse/fuse.ko",
            "kernel/fs/fuse/virtiofs.ko",
            "kernel/fs/overlayfs/overlay.ko.xz"
        ]
    );
}

#[test]
fn the_exit_status_is_the_last_one_said() {
    assert_eq!(
        exit_status("[    9.1] umbra-vm: exit 0\r\n[    9.2] sysrq: Resetting\r\n"),
        Some(0)
    );
    assert_eq!(exit_status("[    9.1] umbra-vm: exit 101\r\n"), Some(101));
    assert_eq!(exit_status("[    9.1] umbra-vm: exit"), None);
    assert_eq!(exit_status(""), None);
}

#[test]
fn a_panic_is_shown() {
    let log = format!("{}Kernel panic - not syncing\ntrace\n", "noise\n".repeat(100));
    assert!(cause_of_death(&log).contains("Kernel panic"));
    assert_eq!(cause_of_death("one\ntwo"), "\n  one\n  two");
}
