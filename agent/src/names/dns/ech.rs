//! The configuration for encrypted client hello: `ECHConfigList` (RFC 9849, section 4).

use crate::names::{fields::Fields, host::HostName};

/// `ECHConfig.version` of the RFC, and of the last drafts.
const VERSION: u16 = 0xfe0d;
/// `HpkeKeyConfig.config_id` and `kem_id`.
const ID_AND_KEM: usize = 1 + 2;
/// Fronts that are read of one list; two are there while a server changes its keys.
const MOST: usize = 8;

/// The names of the fronts in `list`, as far as its form is right. Configurations of other versions are passed over.
pub(super) fn public_names(list: &[u8]) -> Vec<HostName> {
    let mut names = Vec::new();
    let mut configs = Fields(Fields(list).vector16().unwrap_or_default());
    while let (Some(version), Some(contents)) = (configs.u16(), configs.vector16()) {
        let name = (version == VERSION).then(|| public_name(contents)).flatten();
        names.extend(name.filter(|name| !names.contains(name)));
        if names.len() == MOST {
            break;
        }
    }
    names
}

/// `public_name` in `ECHConfigContents`.
fn public_name(contents: &[u8]) -> Option<HostName> {
    let mut fields = Fields(contents);
    fields.take(ID_AND_KEM)?;
    let _public_key = fields.vector16()?;
    let _cipher_suites = fields.vector16()?;
    let _maximum_name_length = fields.u8()?;
    HostName::read(fields.vector8()?)
}
