//! What a new install is to do until it shows a first call.

use super::format::thousands;
use super::strip::Strip;
use crate::access::Scope;
use crate::app::App;
use crate::refusal::Refusal;

/// Three steps, and how far they are.
pub(super) struct FirstDay {
    /// Where agents of this machine report.
    pub(super) address: String,
    pub(super) agents: Agents,
    /// Whether it is of some hosts.
    pub(super) is_part: bool,
}

/// How agents are, and how many of them.
pub(super) enum Agents {
    None,
    /// They came for a certificate, and have not reported.
    Enrolled(String),
    /// They reported, and none is heard now.
    Silent(String),
    Heard(String),
}

impl FirstDay {
    /// For somebody with this scope, who sees this strip.
    pub(super) async fn of(app: &App, scope: &Scope, strip: &Strip) -> Result<Self, Refusal> {
        let agents = if strip.online > 0 {
            Agents::Heard(strip.hosts.clone())
        } else if strip.hosts != "0" {
            Agents::Silent(strip.hosts.clone())
        } else if scope.is_all() {
            match app.store.never_heard().await? {
                0 => Agents::None,
                agents => Agents::Enrolled(thousands(agents)),
            }
        } else {
            Agents::None
        };
        Ok(Self {
            address: app.page.as_str().trim_end_matches('/').to_owned(),
            agents,
            is_part: strip.is_part,
        })
    }

    pub(super) fn is_heard(&self) -> bool {
        matches!(self.agents, Agents::Heard(_))
    }
}
