//! Names of terminals.

/// The name below `/dev` of a terminal, by its device number in the kernel's own form (12 bits major, 20 bits minor).
///
/// Numbers are those of `Documentation/admin-guide/devices.txt`; a terminal of another driver is called by its numbers.
pub(super) fn name(device: u32) -> Option<String> {
    let (major, minor) = (device >> 20, device & 0xf_ffff);
    Some(match major {
        0 => return None,
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        // Unix98 pseudo-terminals: the first of their majors holds all of them.
        136 => format!("pts/{minor}"),
        188 => format!("ttyUSB{minor}"),
        229 => format!("hvc{minor}"),
        _ => format!("{major}:{minor}"),
    })
}
