//! A path's fleet-wide form: the same for the same tool of two people, on two hosts, in two versions.
//!
//! What differs is left out, with `*` in its place and `~` for a home; what may be another program stays. The rules, and
//! why each is safe, are in `docs/IDENTITY.md`; the layouts that they know are in `layouts.rs`.

use super::{interpreters, layouts};

/// Directories that were merged into `/usr` (file-hierarchy(7)).
const MERGED: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// The last part of a path.
pub(in crate::attribution) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The fleet-wide form of `path`. Doing it again changes nothing, and a relative path stays as it is.
pub(super) fn fleet_wide(path: &str) -> String {
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    let Some(inside) = path.strip_prefix('/') else {
        return path.to_owned();
    };
    // A file in memory has no path (memfd_create(2)).
    if inside.starts_with("memfd:") {
        return inside.to_owned();
    }
    let mut parts: Vec<String> = inside.split('/').map(str::to_owned).collect();
    usr(&mut parts);
    open_file(&mut parts);
    layouts::anchored(&mut parts);
    let is_home = home(&mut parts);
    temporary(&mut parts);
    layouts::anywhere(&mut parts);
    versions(&mut parts);
    if is_home {
        tool(&mut parts);
    }
    let path = parts.join("/");
    if is_home { path } else { format!("/{path}") }
}

/// `/bin/x` is `/usr/bin/x`.
fn usr(parts: &mut Vec<String>) {
    if parts.len() > 1 && MERGED.contains(&parts[0].as_str()) {
        parts.insert(0, "usr".to_owned());
    }
}

/// What was executed by an open file (execveat(2), `/dev/fd/63` of a shell) has no path of its own.
fn open_file(parts: &mut Vec<String>) {
    let parts_now: Vec<&str> = parts.iter().map(String::as_str).collect();
    let number = match parts_now.as_slice() {
        ["dev", "fd", ..] => 2,
        ["proc", _, "fd", ..] => 3,
        _ => return,
    };
    if parts.len() > number {
        let rest = parts.split_off(number + 1);
        *parts = ["dev", "fd", "*"].map(str::to_owned).to_vec();
        parts.extend(rest);
    }
}

/// A home directory's owner is no part of a program: `~` stands for the directory. Whether it did.
fn home(parts: &mut Vec<String>) -> bool {
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    let depth = match names.as_slice() {
        // Homebrew's, on every host the same.
        ["home", "linuxbrew", ..] => return false,
        ["root", _, ..] => 1,
        ["var", "roothome", _, ..] | ["home", _, _, ..] => 2,
        ["var", "home", _, _, ..] => 3,
        _ => return false,
    };
    parts.splice(..depth, ["~".to_owned()]);
    true
}

/// Directories for what is made up at each run.
fn temporary(parts: &mut [String]) {
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    let made_up = match names.as_slice() {
        // pam_tmpdir's, a user each.
        ["tmp", "user", _, _, _, ..] => {
            "*".clone_into(&mut parts[2]);
            3
        }
        ["tmp", _, _, ..] => 1,
        ["var", "tmp", _, _, ..] | ["dev", "shm", _, _, ..] | ["run", "user", _, _, ..] => 2,
        _ => return,
    };
    parts[made_up] = mounted_image(&parts[made_up]).unwrap_or_else(|| "*".to_owned());
}

/// An `AppImage` is mounted at `/tmp/.mount_`, up to six characters of its name, and six of chance.
fn mounted_image(part: &str) -> Option<String> {
    let name = part.strip_prefix(".mount_")?;
    if name.ends_with('*') {
        return Some(part.to_owned());
    }
    let (chance, _) = name.char_indices().rev().nth(5)?;
    Some(format!(".mount_{}*", &name[..chance]))
}

/// Versions in the names of directories, and of files that are called by nothing else.
fn versions(parts: &mut [String]) {
    let Some((file, directories)) = parts.split_last_mut() else {
        return;
    };
    for directory in directories {
        if let Some(bare) = without_version(directory) {
            *directory = bare;
        }
    }
    if is_version(file) {
        "*".clone_into(file);
    } else if let Some(shown) = interpreters::shown(file) {
        *file = shown;
    }
}

/// `v1.2.3` → `*`, `tool-1.2.3-linux-x64` and `tool@1.2.3` → `tool-*` and `tool@*`, `python3.11` → `python3`; `None` when
/// there is no version. A number without a dot is none: it may be a port, a year, a tenant.
fn without_version(part: &str) -> Option<String> {
    if is_version(part) {
        return Some("*".to_owned());
    }
    if part.starts_with("python3.") || part.starts_with("python2.") {
        return interpreters::shown(part);
    }
    let (at, _) = part
        .char_indices()
        .filter(|(at, character)| *at > 0 && matches!(character, '-' | '_' | '@'))
        .find(|(at, _)| is_version(&part[at + 1..]))?;
    Some(format!("{}*", &part[..=at]))
}

/// Two numbers and a dot at least, and what follows them: `3.11`, `v20.1.0`, `17.0.9-tem`, `1.2.3_1`, `2.0rc1`.
fn is_version(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let text = text.strip_prefix('v').unwrap_or(text);
    let major = digits(text);
    let Some(rest) = text[major..].strip_prefix('.').filter(|_| major > 0) else {
        return false;
    };
    let mut rest = rest;
    let mut minor = digits(rest);
    if minor == 0 {
        return false;
    }
    loop {
        rest = &rest[minor..];
        let Some(next) = rest.strip_prefix('.') else { break };
        minor = digits(next);
        if minor == 0 {
            break;
        }
        rest = next;
    }
    // `10.html` and `1.2.example` are no versions.
    let pre_release = ["a", "b", "rc", "dev", "alpha", "beta", "post"]
        .iter()
        .any(|word| {
            rest.strip_prefix(word)
                .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        });
    rest.is_empty()
        || pre_release
        || rest.starts_with(['-', '_', '+', '~', '(', '@'])
        || is_numbered_suffix(rest)
}

/// `.dev1`, `.post2`, `.rc3`, `.Final`: what Python and Java put behind the numbers.
fn is_numbered_suffix(rest: &str) -> bool {
    [".dev", ".post", ".rc", ".Final", ".RELEASE"].iter().any(|word| {
        rest.strip_prefix(word)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// pipx and uv keep a tool in an environment of its own and link it from `~/.local/bin`, where people run it.
fn tool(parts: &mut Vec<String>) {
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();
    let name = match names.as_slice() {
        ["~", ".local", "share", "pipx", "venvs", tool, "bin", name]
        | ["~", ".local", "pipx", "venvs", tool, "bin", name]
        | ["~", ".local", "share", "uv", "tools", tool, "bin", name]
            if tool == name =>
        {
            (*name).to_owned()
        }
        _ => return,
    };
    *parts = ["~", ".local", "bin"].map(str::to_owned).to_vec();
    parts.push(name);
}

#[cfg(test)]
mod tests;
