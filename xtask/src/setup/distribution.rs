//! Which distribution this is, hence whether we know how to install on it.

use std::{env, fs};

/// As far as it matters for installing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Distribution {
    /// Debian, Ubuntu and what is made of them: apt.
    Debian,
    /// Anything else, by the name that it gives itself.
    Unknown(String),
}

impl Distribution {
    /// Reads `/etc/os-release`, or the file that `UMBRA_OS_RELEASE` names (for tests).
    pub(crate) fn detect() -> Self {
        let path = env::var_os("UMBRA_OS_RELEASE").unwrap_or_else(|| "/etc/os-release".into());
        Self::parse(&fs::read_to_string(path).unwrap_or_default())
    }

    /// Understands the text of an os-release(5) file.
    pub(crate) fn parse(os_release: &str) -> Self {
        let field = |name: &str| {
            os_release.lines().find_map(|line| {
                let value = line.trim().strip_prefix(name)?.strip_prefix('=')?;
                Some(value.trim_matches(['"', '\'']).to_owned())
            })
        };
        let ids = [field("ID"), field("ID_LIKE")]
            .map(Option::unwrap_or_default)
            .join(" ");
        if ids.split_whitespace().any(|id| matches!(id, "debian" | "ubuntu")) {
            Self::Debian
        } else {
            Self::Unknown(
                field("PRETTY_NAME")
                    .or_else(|| field("ID"))
                    .unwrap_or_else(|| "this system".to_owned()),
            )
        }
    }
}
