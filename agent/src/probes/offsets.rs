//! Finds the running kernel's [`Offsets`] in its BTF.

use std::{fs, path::Path};

use umbra_agent_common::offsets::{ABSENT, FIELDS, Offsets};

use super::{ProbeError, btf::Btf};

/// Where the kernel shows its own types (`CONFIG_DEBUG_INFO_BTF`, 5.4 and later).
pub const KERNEL_BTF: &str = "/sys/kernel/btf/vmlinux";

/// The offsets, and the fields that this kernel lacks (their part of a process stays unknown).
#[derive(Debug)]
pub struct Found {
    /// For the programs.
    pub offsets: Offsets,
    /// `struct.member` of each absent field.
    pub absent: Vec<String>,
}

/// Reads the offsets from `path`.
pub fn find(path: &Path) -> Result<Found, ProbeError> {
    let bytes = fs::read(path).map_err(|source| ProbeError::NoBtf {
        path: path.to_owned(),
        source,
    })?;
    let mut wanted: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    wanted.dedup();
    let btf = Btf::parse(&bytes, &wanted)?;
    let mut absent = Vec::new();
    let offsets = std::array::from_fn(|number| {
        let (name, member) = FIELDS[number];
        btf.offset(name, member).unwrap_or_else(|| {
            absent.push(format!("{name}.{member}"));
            ABSENT
        })
    });
    Ok(Found {
        offsets: Offsets::from_fields(offsets),
        absent,
    })
}
