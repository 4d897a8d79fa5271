use umbra_report::Caller;

/// The place part of a caller's fleet-wide form: the same text wherever the same thing runs.
///
/// `image:NAME` in a container (without tag and digest, so that a new release is no new caller), `container` when its
/// image is unknown, `unit:NAME` in a systemd service, and nothing for what people start: their sessions' scopes and
/// transient units carry numbers that are new each time. An instance (`backup@eve.service`) is left out likewise.
pub fn fleet_wide(caller: &Caller) -> String {
    match (&caller.container, &caller.unit) {
        (Some(container), _) => match &container.image {
            Some(image) => format!("image:{}", bare_image(image)),
            None => "container".to_owned(),
        },
        (None, Some(unit)) => service(unit).map_or_else(String::new, |name| format!("unit:{name}")),
        (None, None) => String::new(),
    }
}

/// An image's name without tag and digest; a registry's port is not a tag.
fn bare_image(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

/// A service's name without its instance; `None` for units whose names are made up at each start.
fn service(unit: &str) -> Option<String> {
    let stem = unit.strip_suffix(".service")?;
    match stem.split_once('@') {
        Some(("user", _)) => None,
        Some((template, _)) => Some(format!("{template}@.service")),
        // systemd-run names what is given no name `run-u12`, `run-r0f3a…` or `run-p12-i13`.
        None if stem.starts_with("run-") => None,
        None => Some(unit.to_owned()),
    }
}
