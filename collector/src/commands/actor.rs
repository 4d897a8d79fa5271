//! Who runs a command, for the audit log.

use jiff::Timestamp;

use crate::store::By;

/// Characters of a name.
const LENGTH: usize = 200;

/// Whoever runs this.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Actor {
    /// Who does it, for the audit log [default: the user who runs this, also by sudo]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Actor {
    /// The name: what was given, or what the environment tells. No proof of either.
    pub(super) fn name(self) -> String {
        let variables = ["SUDO_USER", "USER", "LOGNAME"];
        let told = || variables.into_iter().find_map(|name| std::env::var(name).ok());
        let name = self.by.or_else(told);
        let name = name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
        super::plain(&name, LENGTH)
    }
}

/// What that name does now.
pub(super) fn now(actor: &str) -> By<'_> {
    By {
        actor,
        time: Timestamp::now(),
    }
}
