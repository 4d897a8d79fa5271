use umbra_catalog::Kind;

/// What a verdict is asked about: a caller on a host, and what of whom it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Vendor's name in the catalogue.
    pub vendor: &'a str,
    /// Service of the vendor.
    pub service: &'a str,
    /// What the service is for; `None` when a later version's catalogue has a new one.
    pub kind: Option<Kind>,
    /// Fleet-wide name of the program.
    pub program: &'a str,
    /// Path or module of the script behind an interpreter.
    pub script: Option<&'a str>,
    /// Package manager and name, `npm:claude`.
    pub package: Option<&'a str>,
    /// User id on the host.
    pub uid: u32,
    /// The user's name there, when the host knows one.
    pub user: Option<&'a str>,
    /// Groups that the user is in: those of the policy's file and the host's.
    pub groups: Vec<&'a str>,
    /// Labels of the host, `env=prod`.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Systemd unit.
    pub unit: Option<&'a str>,
    /// Image of the container, with its tag.
    pub image: Option<&'a str>,
    /// Kubernetes namespace.
    pub namespace: Option<&'a str>,
}

/// An image's name without tag and digest; a registry's port is not a tag.
pub fn bare_image(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}
