//! Names of images in full, so that an image has one name whatever the runtime, and however it was asked for.

/// Name and digest of a reference: `nginx` is `docker.io/library/nginx:latest` (the rules of Docker's references; other
/// runtimes tell names in full already).
pub(super) fn parse(reference: Option<&str>) -> (Option<String>, Option<String>) {
    let Some(reference) = reference.filter(|reference| !reference.is_empty()) else {
        return (None, None);
    };
    if is_id(reference) {
        return (Some(reference.to_owned()), None);
    }
    let (name, digest) = reference
        .split_once('@')
        .map_or((reference, None), |(name, digest)| (name, Some(digest)));
    let (domain, path) = match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest.to_owned()),
        Some(_) => ("docker.io", name.to_owned()),
        None => ("docker.io", format!("library/{name}")),
    };
    // The old name of the same registry.
    let domain = if domain == "index.docker.io" {
        "docker.io"
    } else {
        domain
    };
    let tag = if path.contains(':') || digest.is_some() {
        ""
    } else {
        ":latest"
    };
    (Some(format!("{domain}/{path}{tag}")), digest.map(str::to_owned))
}

/// The image has no name, or was asked for without.
fn is_id(reference: &str) -> bool {
    let digits = reference.strip_prefix("sha256:").unwrap_or(reference);
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_whole() {
        let hash = "0123456789abcdef".repeat(4);
        let digest = format!("sha256:{hash}");
        for (reference, name, has_digest) in [
            ("nginx", "docker.io/library/nginx:latest", false),
            ("nginx:1.27", "docker.io/library/nginx:1.27", false),
            ("ann/bot", "docker.io/ann/bot:latest", false),
            ("index.docker.io/ann/bot:2", "docker.io/ann/bot:2", false),
            ("localhost/bot", "localhost/bot:latest", false),
            ("registry:5000/bot", "registry:5000/bot:latest", false),
            ("registry:5000/a/bot:1", "registry:5000/a/bot:1", false),
            ("ghcr.io/a/bot:1", "ghcr.io/a/bot:1", false),
            (&format!("nginx@{digest}"), "docker.io/library/nginx", true),
            (&format!("ghcr.io/a/bot:1@{digest}"), "ghcr.io/a/bot:1", true),
            (&digest, &digest, false),
            (&hash, &hash, false),
        ] {
            let expected = (Some(name.to_owned()), has_digest.then(|| digest.clone()));
            assert_eq!(parse(Some(reference)), expected, "{reference}");
        }
        assert_eq!(parse(Some("")), (None, None));
    }
}
