//! The application that a unit of a user's manager is, by its name.
//!
//! systemd's convention for desktops (<https://systemd.io/DESKTOP_ENVIRONMENTS/>): `app[-LAUNCHER]-ID-RANDOM.scope`,
//! `app[-LAUNCHER]-ID[@RANDOM].service`, with hyphens in names written as `\x2d`. snapd has names of its own
//! (`snap.NAME.APP-UUID.scope`), and so have terminals for their windows (`vte-spawn-UUID.scope`).

use crate::attribution::containers::unescape;

/// The application; `None`: the unit is none's.
pub(super) fn of_unit(unit: &str) -> Option<String> {
    let (name, kind) = unit.rsplit_once('.')?;
    if let Some(name) = name.strip_prefix("snap.") {
        let (snap, _) = name.split_once(['.', '-'])?;
        return (kind == "scope" && !snap.is_empty()).then(|| snap.to_owned());
    }
    if name.starts_with("vte-spawn-") {
        return (kind == "scope").then(|| "terminal".to_owned());
    }
    let name = name.strip_prefix("app-")?;
    let name = match kind {
        "scope" => name.rsplit_once('-')?.0,
        "service" => name.split_once('@').map_or(name, |(name, _)| name),
        _ => return None,
    };
    let (_, id) = name.rsplit_once('-').unwrap_or(("", name));
    (!id.is_empty()).then(|| unescape(id))
}
