//! Where installers put versions, revisions and hashes that do not look like versions by themselves.

/// Directories below `/`; `{}` is left out.
const ANCHORED: [&str; 4] = [
    "snap/*/{}",
    "var/lib/snapd/snap/*/{}",
    "var/lib/flatpak/app/*/*/*/{}",
    "var/lib/flatpak/runtime/*/*/*/{}",
];

/// Directories anywhere, but no files. `*` stands for any name, also within one; `{}` is left out, `{hex}` if it is hexadecimal, `{n}` if
/// it is a number.
const ANYWHERE: [&str; 34] = [
    // Versions of languages: nvm and n, fnm, Volta, asdf, mise, SDKMAN.
    "versions/node/{}",
    "node-versions/{}",
    "fnm_multishells/{}",
    "tools/image/node/{}",
    "tools/image/npm/{}",
    "tools/image/pnpm/{}",
    "tools/image/yarn/{}",
    ".asdf/installs/*/{}",
    "mise/installs/*/{}",
    ".sdkman/candidates/*/{}",
    // Homebrew, flatpak in a home, Java and PostgreSQL of distributions.
    "Cellar/*/{}",
    ".local/share/flatpak/app/*/*/*/{}",
    "~/snap/*/{n}",
    "lib/jvm/{}",
    "lib/postgresql/{n}",
    "usr/pgsql-{n}",
    // Servers of editors, at the commit that they were built from.
    ".*-server/bin/{hex}",
    ".*-server/bin/*/{hex}",
    ".*-server/cli/servers/Stable-{hex}",
    ".*-server/cli/servers/Insiders-{hex}",
    ".*-server-insiders/bin/{hex}",
    ".*-server-insiders/cli/servers/Insiders-{hex}",
    "JetBrains/RemoteDev/dist/{}",
    // Caches of tools that run packages.
    "_npx/{hex}",
    "uv/archive-v0/{}",
    "uv/environments-v1/{}",
    "uv/environments-v2/{}",
    "go-build/{hex}/{}",
    ".cache/bazel/{}/{hex}",
    "ms-playwright/chromium-{n}",
    "ms-playwright/firefox-{n}",
    "ms-playwright/webkit-{n}",
    "registry/src/index.crates.io-{hex}",
    // Deployments: Capistrano and its like number them by time.
    "releases/{n}",
];

/// Files that are called by a hash.
const FILES: [&str; 3] = [
    ".*-server/code-{hex}",
    ".*-server/code-insiders-{hex}",
    ".*-server-insiders/code-insiders-{hex}",
];

/// What is below `/` alone.
pub(super) fn anchored(parts: &mut [String]) {
    let directories = parts.len() - 1;
    for layout in ANCHORED {
        apply(layout, &mut parts[..directories]);
    }
    store(parts);
}

/// What may be anywhere.
pub(super) fn anywhere(parts: &mut [String]) {
    let directories = parts.len() - 1;
    for start in 0..parts.len() {
        for layout in FILES {
            apply(layout, &mut parts[start..]);
        }
        for layout in ANYWHERE {
            apply(layout, &mut parts[start.min(directories)..directories]);
        }
    }
    environments(parts);
    built(parts);
}

/// Leaves out what `layout` says, if `parts` begin like it.
fn apply(layout: &str, parts: &mut [String]) {
    let length = layout.split('/').count();
    let fits = parts.len() >= length
        && layout
            .split('/')
            .zip(&*parts)
            .all(|(wanted, part)| matches(wanted, part));
    if fits {
        for (wanted, part) in layout.split('/').zip(parts) {
            if let Some((before, _)) = wanted.split_once('{') {
                *part = format!("{before}*");
            }
        }
    }
}

fn matches(wanted: &str, part: &str) -> bool {
    if let Some((before, kind)) = wanted.split_once('{') {
        return part.strip_prefix(before).is_some_and(|rest| match kind {
            "hex}" => rest.len() >= 2 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "n}" => !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()),
            _ => !rest.is_empty(),
        });
    }
    match wanted.split_once('*') {
        Some((before, after)) => {
            part.len() >= before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
        }
        None => wanted == part,
    }
}

/// `/nix/store/HASH-name-version` and Guix's like: the name ends before the first `-` that no letter follows (Nix's
/// `builtins.parseDrvName`).
fn store(parts: &mut [String]) {
    let [top, store, package, _, ..] = parts else {
        return;
    };
    if !matches!((top.as_str(), store.as_str()), ("nix" | "gnu", "store")) {
        return;
    }
    let Some((hash, name)) = package.split_once('-') else {
        return;
    };
    // 32 digits of a base-32 alphabet.
    if hash.len() != 32
        || !hash
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return;
    }
    let end = name
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| name[at + 1..].starts_with(|next: char| !next.is_alphabetic()))
        .unwrap_or(name.len());
    *package = format!("*-{}", &name[..end]);
}

/// Poetry and Pipenv call an environment by its project and a hash of the project's path: `bot-Xy3_9aBc-py3.11`.
fn environments(parts: &mut [String]) {
    for at in 1..parts.len() {
        if parts[at - 1] != "virtualenvs" {
            continue;
        }
        let part = &parts[at];
        let stem = match part.rsplit_once("-py") {
            Some((stem, version)) if version.starts_with(|first: char| first.is_ascii_digit()) => stem,
            _ => part,
        };
        // The hash may itself hold `-`: eight characters of Base64 for URLs.
        let Some(dash) = stem
            .len()
            .checked_sub(9)
            .filter(|at| *at > 0 && !stem.ends_with('*'))
        else {
            continue;
        };
        if stem.is_char_boundary(dash) && stem[dash..].starts_with('-') {
            parts[at] = format!("{}*", &stem[..=dash]);
        }
    }
}

/// Cargo puts a hash behind the names of what it builds: `target/debug/deps/tool-0123456789abcdef`.
fn built(parts: &mut [String]) {
    for at in 1..parts.len() {
        if !matches!(parts[at - 1].as_str(), "deps" | "build") {
            continue;
        }
        if let Some((name, hash)) = parts[at].rsplit_once('-')
            && hash.len() == 16
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            parts[at] = format!("{name}-*");
        }
    }
}
