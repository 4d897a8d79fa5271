//! A namespace with a TLS server in it, and clients that are run there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::clients::{Call, Tool};
use crate::machine;
use crate::namespace::Namespace;
use crate::process::Process;
use crate::serve::{AUTHORITY, CONNECTIONS, READY};
use crate::truth::Connection;

/// Ports that the server listens on: the usual one and an odd one.
pub const PORTS: [u16; 2] = [443, 8443];

/// A namespace, the server in it, and their folder.
#[derive(Debug)]
pub struct TestBed {
    // Dropped in this order: the server goes before its namespace and its folder.
    _server: Process,
    namespace: Namespace,
    dir: TempDir,
}

/// A client that runs, or ran.
#[derive(Debug)]
pub struct Run {
    /// The child.
    pub process: Process,
    /// Its argument vector, the program's name first.
    pub args: Vec<String>,
    /// When it was started.
    pub started: Instant,
}

impl TestBed {
    /// Makes a test bed in which the names lead to the server.
    pub fn new(hosts: &[(IpAddr, &str)]) -> Self {
        Self::serving(hosts, &[])
    }

    /// Makes one whose server is given more arguments ([`crate::serve::Arguments`]).
    pub fn serving(hosts: &[(IpAddr, &str)], more: &[&str]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("umbra-t-")
            .permissions(fs::Permissions::from_mode(0o755)) // clients of other users read the authority
            .tempdir()
            .expect("a temporary folder");
        let namespace = Namespace::new(hosts);
        let helper = machine::binary("umbra-testbed").unwrap_or_else(|why| panic!("{why}"));
        let mut server = Process::start(
            namespace
                .command(helper)
                .arg("serve")
                .arg("--dir")
                .arg(dir.path())
                .args(["--ports", &PORTS.map(|port| port.to_string()).join(",")])
                .args(more),
        );
        server.said(READY, Duration::from_secs(10));
        Self {
            _server: server,
            namespace,
            dir,
        }
    }

    /// The bed's folder; clients run in it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// PEM file of the authority that clients trust.
    pub fn authority(&self) -> PathBuf {
        self.dir().join(AUTHORITY)
    }

    /// File of the network namespace (`setns(2)`).
    pub fn network(&self) -> PathBuf {
        self.namespace.path()
    }

    /// A command that runs in the namespace, in the bed's folder.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.namespace.command(program);
        command.current_dir(self.dir());
        command
    }

    /// Gives the namespace's loopback another address.
    pub fn add_address(&self, address: IpAddr) {
        let length = if address.is_ipv4() { 32 } else { 128 };
        self.namespace.add_address(&format!("{address}/{length}"));
    }

    /// Starts a client.
    pub fn start(&self, tool: &Tool, call: &Call<'_>) -> Run {
        let args = tool.command_line(call, &self.authority(), self.dir());
        let mut command = match call.uid {
            None => self.namespace.command(&args[0]),
            Some(uid) => {
                let mut command = self.namespace.command("setpriv");
                command
                    .arg(format!("--reuid={uid}"))
                    .arg(format!("--regid={uid}"))
                    .args(["--clear-groups", "--"])
                    .arg(&args[0]);
                command
            }
        };
        if let Some((scheme, proxy)) = call.proxy {
            let url = format!("{scheme}://{proxy}");
            command.envs(["http_proxy", "https_proxy"].map(|name| (name, &url)));
            let (host, port) = (proxy.ip(), proxy.port());
            let kind = if scheme == "http" { "https.p" } else { "socksP" };
            let java = format!("-D{kind}roxyHost={host} -D{kind}roxyPort={port}");
            command.env("JDK_JAVA_OPTIONS", java);
        }
        command
            .args(&args[1..])
            .current_dir(self.dir())
            .stdin(self.stdin(tool, call));
        let started = Instant::now();
        Run {
            process: Process::start(&mut command),
            args,
            started,
        }
    }

    /// Runs a client to its end, which must be a success.
    pub fn run(&self, tool: &Tool, call: &Call<'_>) -> Run {
        let mut run = self.start(tool, call);
        run.succeed();
        run
    }

    /// What the server has counted for the connections that have ended.
    pub fn connections(&self) -> Vec<Connection> {
        let Ok(file) = File::open(self.dir().join(CONNECTIONS)) else {
            return Vec::new();
        };
        BufReader::new(file)
            .lines()
            .map(|line| {
                let line = line.expect("the server writes text");
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
            })
            .collect()
    }

    /// What the server has counted under one name.
    pub fn connections_to(&self, name: &str) -> Vec<Connection> {
        let mut connections = self.connections();
        connections.retain(|connection| connection.name.as_deref() == Some(name));
        connections
    }

    /// The request, for tools that only make the connection.
    fn stdin(&self, tool: &Tool, call: &Call<'_>) -> Stdio {
        if !tool.speaks_from_stdin {
            return Stdio::null();
        }
        let mut file = tempfile::tempfile_in(self.dir()).expect("a temporary file");
        write!(file, "GET {} HTTP/1.0\r\nhost: {}\r\n\r\n", call.path, call.name)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .expect("a file that was just made");
        file.into()
    }
}

impl Run {
    /// Waits for the client's end, which must be a success.
    pub fn succeed(&mut self) {
        let status = self.process.wait(Duration::from_secs(30));
        let said = self.process.stderr.text();
        assert!(status.success(), "{:?}: {status}\n{said}", self.args);
    }
}
