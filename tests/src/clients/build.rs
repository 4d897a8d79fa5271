//! Clients that must be built, installed or looked into before they run.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Tool, behind};
use crate::machine::{is_slow, output, program, workshop};

/// The npm package with the x86-64 binary of Bun that runs on a CPU without AVX2 too.
const BUN: &str = "@oven/bun-linux-x64-baseline";
/// The package of Python's with the binary of uv.
const UV: &str = "uv==0.13.9";
/// The one with Deno's.
const DENO: &str = "@deno/linux-x64-glibc";

/// The package of what finds faults of pages.
const AXE: &str = "axe-core@4.14.1";

const SOURCES: [(&str, &str); 14] = [
    ("client.py", include_str!("../../clients/client.py")),
    ("client.mjs", include_str!("../../clients/client.mjs")),
    ("client.go", include_str!("../../clients/client.go")),
    ("Client.java", include_str!("../../clients/Client.java")),
    ("quic_client.py", include_str!("../../clients/quic_client.py")),
    ("quic_server.py", include_str!("../../clients/quic_server.py")),
    ("starttls.py", include_str!("../../clients/starttls.py")),
    ("talk.py", include_str!("../../clients/talk.py")),
    ("odd_socket.py", include_str!("../../clients/odd_socket.py")),
    ("tls_proxy.py", include_str!("../../clients/tls_proxy.py")),
    ("h2c.mjs", include_str!("../../clients/h2c.mjs")),
    ("requirements.txt", include_str!("../../clients/requirements.txt")),
    ("schemathesis.txt", include_str!("../../clients/schemathesis.txt")),
    (
        "schemathesis.toml",
        include_str!("../../clients/schemathesis.toml"),
    ),
];

/// Writes a client's source into the workshop, when it is not there as it is.
pub(super) fn source(name: &str) -> Result<PathBuf, String> {
    let (_, text) = SOURCES
        .iter()
        .find(|(source, _)| *source == name)
        .ok_or_else(|| format!("no source is called {name}"))?;
    let path = workshop().join(name);
    let _alone = alone()?;
    if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
        return Ok(path);
    }
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// The file that really runs when an interpreter's name is called, which may be a wrapper of it.
pub(super) fn interpreter(name: &str, question: &str) -> Result<PathBuf, String> {
    output(Command::new(program(name)?).args(["-c", question])).map(PathBuf::from)
}

/// Makes a product unless it is there, and not older than its source. Never twice at once: tests run beside each other,
/// and one would take away what another has half made.
fn made(
    product: &Path,
    source: Option<&Path>,
    make: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let _alone = alone()?;
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let changed = source.and_then(modified);
    let stale = modified(product).is_none_or(|made| changed.is_some_and(|changed| changed > made));
    if stale { make() } else { Ok(()) }
}

/// Waits until no other thread or process makes anything in the workshop, and keeps them out until it is dropped.
fn alone() -> Result<File, String> {
    let path = workshop().join("lock");
    let lock = File::create(&path).and_then(|file| file.lock().map(|()| file));
    lock.map_err(|error| format!("{}: {error}", path.display()))
}

pub(super) fn go() -> Result<PathBuf, String> {
    let (source, product) = (source("client.go")?, workshop().join("go-client"));
    made(&product, Some(&source), || {
        let mut build = Command::new(program("go")?);
        build.args(["build", "-o"]).arg(&product).arg(&source);
        build.env("CGO_ENABLED", "0");
        build.env("GOCACHE", workshop().join("go-cache"));
        output(&mut build).map(drop)
    })?;
    Ok(product)
}

pub(super) fn java() -> Result<Tool, String> {
    let (source, jar) = (source("Client.java")?, workshop().join("client.jar"));
    let java = program("java")?;
    made(&jar, Some(&source), || {
        let classes = workshop().join("classes");
        let mut compile = Command::new(program("javac")?);
        output(compile.arg("-d").arg(&classes).arg(&source))?;
        let mut pack = Command::new(program("jar")?);
        pack.args(["--create", "--main-class", "Client", "--file"]);
        output(pack.arg(&jar).arg("-C").arg(&classes).arg(".")).map(drop)
    })?;
    // A JVM that compiles while it runs aborts now and then on a processor that is itself translated.
    let interpret = if is_slow() { "-Xint " } else { "" };
    let arguments = format!("{interpret}-jar {} {{url}} {{authority}}", jar.display());
    behind(&java, jar, &arguments)
}

pub(super) fn bun() -> Result<PathBuf, String> {
    shipped_by_npm(BUN, "bin/bun")
}

pub(super) fn deno() -> Result<PathBuf, String> {
    shipped_by_npm(DENO, "deno")
}

pub(super) fn uv() -> Result<PathBuf, String> {
    let folder = workshop().join("uv");
    let uv = folder.join("bin/uv");
    let (_, python) = aioquic()?;
    made(&uv, None, || {
        let mut install = Command::new(python);
        install.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
        install.args(["--only-binary=:all:", "--target"]);
        output(install.arg(&folder).arg(UV)).map(drop)
    })?;
    Ok(uv)
}

pub(super) fn axe() -> Result<PathBuf, String> {
    shipped_by_npm(AXE, "axe.min.js")
}

/// A program that a package of npm's holds.
fn shipped_by_npm(package: &str, file: &str) -> Result<PathBuf, String> {
    // Behind a scope's `@` stands a name; behind another one, a version.
    let (name, _) = package[1..].split_once('@').unwrap_or((&package[1..], ""));
    let folder = format!("{}{name}", &package[..1]);
    let program_file = workshop().join("node_modules").join(folder).join(file);
    made(&program_file, None, || {
        let mut install = Command::new(program("npm")?);
        install.args(["install", "--no-audit", "--no-fund", "--force", "--prefix"]);
        output(install.arg(workshop()).arg(package))?;
        fs::set_permissions(&program_file, fs::Permissions::from_mode(0o755))
            .map_err(|error| format!("{}: {error}", program_file.display()))
    })?;
    fs::canonicalize(&program_file).map_err(|error| format!("{}: {error}", program_file.display()))
}

/// The real Python in an environment of its own, with aioquic.
pub(super) fn aioquic() -> Result<(PathBuf, PathBuf), String> {
    let (python, programs) = environment("python", "requirements.txt")?;
    Ok((python, programs.join("python3")))
}

/// Schemathesis in an environment of its own, and how it is configured.
pub(super) fn schemathesis() -> Result<(PathBuf, PathBuf), String> {
    let (_, programs) = environment("schemathesis", "schemathesis.txt")?;
    Ok((programs.join("schemathesis"), source("schemathesis.toml")?))
}

/// The real Python, and the programs of an environment in `folder` that has these requirements.
fn environment(folder: &str, requirements: &str) -> Result<(PathBuf, PathBuf), String> {
    let (requirements, environment) = (source(requirements)?, workshop().join(folder));
    let python = interpreter("python3", "import os; print(os.readlink('/proc/self/exe'))")?;
    // Written last.
    let mark = environment.join("installed");
    made(&mark, Some(&requirements), || {
        let mut begin = Command::new(&python);
        output(begin.args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin/pip"));
        install.args(["install", "--quiet", "--no-deps", "--only-binary=:all:"]);
        output(install.arg("--requirement").arg(&requirements))?;
        fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))
    })?;
    Ok((python, environment.join("bin")))
}
