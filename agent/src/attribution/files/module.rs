//! The file of a Python module that was run by its name (`python3 -m llm`).
//!
//! It is looked for where Python would (its documentation, 'The initialization of the sys.path module search path'), as
//! far as that can be told from outside: what `PYTHONPATH` names is not.

use super::root::{Opened, Root};
use crate::attribution::{people, program};

/// Names looked through for a Python's version.
const NAMES_MAX: usize = 4_096;

/// A module, and what decides where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Module {
    /// Its name: `http.server`.
    pub name: String,
    /// The path that Python was called by, before links are followed: `.venv/bin/python`. A name alone, when that is not
    /// known.
    pub called: Option<String>,
    /// Working directory at exec.
    pub directory: Option<String>,
    /// User id, whose own packages count too.
    pub uid: u32,
}

/// The module's file below `root`, when Python is `executable`.
pub(super) fn find(root: &Root, executable: &str, module: &Module) -> Option<Opened> {
    let is_name = |part: &str| {
        part.chars()
            .all(|letter| letter == '_' || letter.is_alphanumeric())
    };
    if !module
        .name
        .split('.')
        .all(|part| !part.is_empty() && is_name(part))
    {
        return None;
    }
    let inside = module.name.replace('.', "/");
    sites(root, executable, module).iter().find_map(|site| {
        ["/__main__.py", ".py"]
            .iter()
            .find_map(|end| root.file(&format!("{site}/{inside}{end}")).ok())
    })
}

/// Folders of modules, in Python's order.
fn sites(root: &Root, executable: &str, module: &Module) -> Vec<String> {
    let directory = module.directory.as_deref();
    let mut sites: Vec<String> = directory.map(str::to_owned).into_iter().collect();
    let Some((prefix, version)) = installation(root, executable) else {
        return sites;
    };
    sites.push(format!("{prefix}/lib/{version}"));
    if let Some(environment) = environment(root, module) {
        sites.extend(["lib", "lib64"].map(|lib| format!("{environment}/{lib}/{version}/site-packages")));
        return sites;
    }
    let own = people::home(root, module.uid);
    sites.extend(own.map(|home| format!("{home}/.local/lib/{version}/site-packages")));
    // Debian's and Fedora's among them.
    sites.extend([
        format!("{prefix}/local/lib/{version}/dist-packages"),
        format!("{prefix}/lib/{version}/site-packages"),
        format!("{prefix}/lib64/{version}/site-packages"),
        format!("{prefix}/lib/python3/dist-packages"),
    ]);
    sites
}

/// Where a Python is installed, and what its libraries are called: `/usr`, `python3.11`.
fn installation<'a>(root: &Root, executable: &'a str) -> Option<(&'a str, String)> {
    let (prefix, name) = executable.rsplit_once("/bin/")?;
    if name.starts_with("python") && name.contains('.') {
        return Some((prefix, name.to_owned()));
    }
    let mut versions = root.names(&format!("{prefix}/lib"), NAMES_MAX);
    versions.retain(|name| name.starts_with("python") && name.contains('.'));
    // Of several it may be any.
    let [version] = &mut versions[..] else { return None };
    Some((prefix, std::mem::take(version)))
}

/// The virtual environment that Python was called in (PEP 405).
fn environment(root: &Root, module: &Module) -> Option<String> {
    let called = module.called.as_deref().filter(|called| called.contains('/'))?;
    let called = program::absolute(called, module.directory.as_deref());
    let (environment, _) = called.rsplit_once("/bin/")?;
    root.file(&format!("{environment}/pyvenv.cfg")).ok()?;
    Some(environment.to_owned())
}

#[cfg(test)]
mod tests;
