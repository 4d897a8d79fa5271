//! Real clients, as a table: how each is found or built, and how it is run.

mod browsers;
mod build;
mod quic;
mod tcp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use quic::QUIC_CLIENTS;
pub use tcp::{CHROMIUM_ECH, CLIENTS, FIREFOX};

use crate::machine::program;

/// A client of one of the tables.
#[derive(Debug)]
pub struct Client {
    /// Short name.
    pub name: &'static str,
    /// Its TLS stack, for the reader.
    pub stack: &'static str,
    find: fn() -> Result<Tool, String>,
}

/// A client that is ready to run.
#[derive(Clone, Debug)]
pub struct Tool {
    /// What the kernel must say that runs.
    pub exe: PathBuf,
    /// What a person would say runs.
    pub program: String,
    /// The script or archive behind an interpreter.
    pub script: Option<PathBuf>,
    /// Whether the process that connects is a child of the one that is started.
    pub has_helpers: bool,
    /// Whether it sends as its request what it reads from stdin.
    pub speaks_from_stdin: bool,
    /// Command line, with `{url}`, `{name}`, `{port}`, `{authority}` and `{dir}` in it.
    template: Vec<String>,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Host name.
    pub name: &'a str,
    /// Port.
    pub port: u16,
    /// Path, which says what the server does.
    pub path: &'a str,
    /// Without TLS.
    pub plain: bool,
    /// Another user than root.
    pub uid: Option<u32>,
    /// Proxy to ask, with its scheme (`http` or `socks5`), for clients that learn it from their environment.
    pub proxy: Option<(&'a str, SocketAddr)>,
}

impl<'a> Call<'a> {
    /// A call of root without TLS to the usual port.
    pub fn plain(name: &'a str, path: &'a str) -> Self {
        Self {
            port: 80,
            plain: true,
            ..Self::to(name, path)
        }
    }

    /// A call of root to the usual port.
    pub fn to(name: &'a str, path: &'a str) -> Self {
        Self {
            name,
            port: 443,
            path,
            plain: false,
            uid: None,
            proxy: None,
        }
    }
}

const fn client(name: &'static str, stack: &'static str, find: fn() -> Result<Tool, String>) -> Client {
    Client { name, stack, find }
}

impl Client {
    /// Finds, builds or installs it, once for the whole process.
    pub fn tool(&self) -> Result<Tool, String> {
        static TOOLS: Mutex<BTreeMap<&str, Result<Tool, String>>> = Mutex::new(BTreeMap::new());
        let mut tools = TOOLS.lock().unwrap_or_else(PoisonError::into_inner);
        tools.entry(self.name).or_insert_with(self.find).clone()
    }
}

/// A client by its name; a test that names it cannot do without it.
pub fn named(name: &str) -> Tool {
    let mut all = CLIENTS
        .iter()
        .chain(&QUIC_CLIENTS)
        .chain([&FIREFOX, &CHROMIUM_ECH]);
    all.find(|client| client.name == name)
        .ok_or_else(|| format!("no client is called {name}"))
        .and_then(Client::tool)
        .unwrap_or_else(|why| panic!("{why}"))
}

/// A server of the tests' own in Python, with the Python that runs it; aioquic is at hand.
pub fn python_server(name: &str) -> Result<(PathBuf, PathBuf), String> {
    let (_, python) = build::aioquic()?;
    Ok((python, build::source(name)?))
}

/// The file of axe-core, which finds what keeps people from using a page (Deque; MPL-2.0, used in tests alone).
pub fn axe() -> Result<PathBuf, String> {
    build::axe()
}

/// The program that tries an API by its description, and its configuration.
pub fn schemathesis() -> Result<(PathBuf, PathBuf), String> {
    build::schemathesis()
}

/// A client of [`odd_socket.py`](../../clients/odd_socket.py): TLS over a socket with a history.
pub fn odd_socket(manner: &str) -> Result<Tool, String> {
    build::source("talk.py")?;
    let python = build::interpreter("python3", "import os; print(os.readlink('/proc/self/exe'))")?;
    script(
        &python,
        "odd_socket.py",
        &format!("{{url}} {{authority}} {manner}"),
    )
}

/// A proxy that is reached by TLS: the Python that runs it, and its script.
pub fn tls_proxy() -> Result<(PathBuf, PathBuf), String> {
    Ok((program("python3")?, build::source("tls_proxy.py")?))
}

/// HTTP/2 without TLS, client and server in one script: `get {url}`, or more arguments of the caller's own.
pub fn h2c(arguments: &str) -> Result<Tool, String> {
    script(&program("node")?, "h2c.mjs", arguments)
}

/// uv, which few distributions package.
pub fn uv() -> Result<PathBuf, String> {
    build::uv()
}

/// Deno, which no distribution packages.
pub fn deno() -> Result<PathBuf, String> {
    build::deno()
}

impl Tool {
    /// The same with more arguments.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.template
            .extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// The argument vector of a call.
    pub(crate) fn command_line(&self, call: &Call<'_>, authority: &Path, dir: &Path) -> Vec<String> {
        let port = call.port.to_string();
        let (name, path) = (call.name, call.path);
        let url = match (call.plain, call.port) {
            (false, 443) => format!("https://{name}{path}"),
            (false, _) => format!("https://{name}:{port}{path}"),
            (true, 80) => format!("http://{name}{path}"),
            (true, _) => format!("http://{name}:{port}{path}"),
        };
        let fill = |part: &String| {
            part.replace("{url}", &url)
                .replace("{name}", call.name)
                .replace("{port}", &port)
                .replace("{authority}", &authority.to_string_lossy())
                .replace("{dir}", &dir.to_string_lossy())
        };
        self.template.iter().map(fill).collect()
    }
}

fn plain(exe: &Path, arguments: &str) -> Result<Tool, String> {
    let program = exe
        .to_str()
        .ok_or_else(|| format!("{} is not UTF-8", exe.display()))?;
    let arguments = arguments.split_whitespace();
    Ok(Tool {
        exe: exe.to_owned(),
        program: fleet_wide(program),
        script: None,
        has_helpers: false,
        speaks_from_stdin: false,
        template: std::iter::once(program)
            .chain(arguments)
            .map(str::to_owned)
            .collect(),
    })
}

fn stdin(exe: &Path, arguments: &str) -> Result<Tool, String> {
    Ok(Tool {
        speaks_from_stdin: true,
        ..plain(exe, arguments)?
    })
}

fn script(exe: &Path, source: &str, arguments: &str) -> Result<Tool, String> {
    let script = build::source(source)?;
    let arguments = format!("{} {arguments}", script.display());
    behind(exe, script, &arguments)
}

/// An interpreter with a script; a person says `python3 /srv/bot.py`, whatever the file `python3` leads to.
fn behind(exe: &Path, script: PathBuf, arguments: &str) -> Result<Tool, String> {
    let file = exe.file_name().unwrap_or_default().to_string_lossy();
    let interpreter = file.split('.').next().unwrap_or_default();
    Ok(Tool {
        program: format!("{interpreter} {}", fleet_wide(&script.to_string_lossy())),
        script: Some(script),
        ..plain(exe, arguments)?
    })
}

/// A path without the owner of the home directory and the temporary directory that it is in (docs/IDENTITY.md).
fn fleet_wide(path: &str) -> String {
    let (place, rest) = match path.strip_prefix("/root/") {
        Some(rest) => ("~", Some(rest)),
        None => [("/home/", "~"), ("/tmp/", "/tmp/*")]
            .into_iter()
            .find_map(|(above, place)| {
                Some((
                    place,
                    path.strip_prefix(above)?.split_once('/').map(|(_, rest)| rest),
                ))
            })
            .unwrap_or_default(),
    };
    rest.map_or_else(|| path.to_owned(), |rest| format!("{place}/{rest}"))
}
