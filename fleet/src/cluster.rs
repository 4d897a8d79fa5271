//! A private PostgreSQL server: in a folder of its own, reached through a Unix socket there, gone with us.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;

use crate::process;

/// The user of the database, and its first database.
const USER: &str = "umbra";
const FIRST: &str = "postgres";
/// How long it may take to answer, or to end.
const LIMIT: Duration = Duration::from_mins(1);

/// A server that runs.
pub(crate) struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    child: Child,
}

impl Cluster {
    /// Starts a server on the data in `folder`, which is made when it is not there, with the durability that PostgreSQL
    /// has by default. `None` when PostgreSQL is not installed.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        let Some(bin) = bin() else { return Ok(None) };
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let user = user(folder)?;
        let said = || File::options().create(true).append(true).open(folder.join("log"));
        let data = folder.join("data");
        if !data.exists() {
            let status = process::bound(user, bin.join("initdb"))
                .arg(format!("--pgdata={}", data.display()))
                .args([
                    &format!("--username={USER}"),
                    "--auth=trust",
                    "--encoding=UTF8",
                    "--locale=C",
                ])
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(said()?)
                .stderr(said()?)
                .status()
                .context("cannot start initdb")?;
            ensure!(status.success(), "initdb failed: see {}/log", folder.display());
        }
        let child = process::bound(user, bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder)
            // fsync, full_page_writes and synchronous_commit stay on, as they are by default.
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "shared_buffers=256MB",
                "-c",
                "max_connections=100",
            ])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(said()?)
            .stderr(said()?)
            .spawn()
            .context("cannot start PostgreSQL")?;
        let mut cluster = Self {
            bin,
            folder: folder.to_owned(),
            child,
        };
        cluster.answers()?;
        Ok(Some(cluster))
    }

    fn answers(&mut self) -> Result<()> {
        let end = Instant::now() + LIMIT;
        loop {
            let ready = self.tool("pg_isready").arg("--quiet").status();
            if ready.context("cannot start pg_isready")?.success() {
                return Ok(());
            }
            let gone = self.child.try_wait()?.is_some();
            if gone || Instant::now() > end {
                bail!("PostgreSQL does not start: see {}/log", self.folder.display());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The process that all others of the server descend from.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&user={USER}",
            self.folder.display()
        )
    }

    /// Makes an empty database in place of the one of this name; gives its address.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        self.sql(FIRST, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        self.sql(FIRST, &format!("CREATE DATABASE {name}"))?;
        Ok(self.url(name))
    }

    /// Makes a database in place of the one of this name, with the tables of the one at `url` and none of the rows that
    /// reports bring; gives its address. Nobody may be connected to that one.
    pub(crate) fn emptied(&self, url: &str, name: &str) -> Result<String> {
        let rest = url
            .strip_prefix("postgres:///")
            .and_then(|rest| rest.split('?').next());
        let from = rest.context("not an address of this server")?;
        self.sql(FIRST, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        self.sql(FIRST, &format!("CREATE DATABASE {name} TEMPLATE {from}"))?;
        // Postings go with their terms.
        let tables = "agents, programs, destinations, callers, observations, uses, streams, findings, terms";
        self.sql(name, &format!("TRUNCATE {tables} CASCADE"))?;
        Ok(self.url(name))
    }

    fn sql(&self, database: &str, statement: &str) -> Result<()> {
        let output = self
            .tool("psql")
            .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", database, "--command", statement])
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .output()
            .context("cannot start psql")?;
        ensure!(
            output.status.success(),
            "`{statement}` fails: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }

    /// One of PostgreSQL's programs, told where the server is.
    fn tool(&self, name: &str) -> Command {
        let mut tool = Command::new(self.bin.join(name));
        tool.arg("--host").arg(&self.folder).args(["--username", USER]);
        tool.stdin(Stdio::null());
        tool
    }
}

impl Drop for Cluster {
    /// As its service is stopped: connections are cut, what is committed is on disk.
    fn drop(&mut self) {
        if let Err(error) = process::end(&mut self.child, Signal::INT, LIMIT) {
            eprintln!("umbra-fleet: PostgreSQL: {error}");
        }
    }
}

/// Who the server runs as, and gives the folder to him: PostgreSQL refuses to run as root.
fn user(folder: &Path) -> Result<Option<&'static str>> {
    if fs::metadata("/proc/self").context("cannot read /proc")?.uid() != 0 {
        return Ok(None);
    }
    let status = Command::new("chown").arg("nobody:nogroup").arg(folder).status();
    ensure!(
        status.context("cannot start chown")?.success(),
        "cannot give {} to nobody",
        folder.display()
    );
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    Ok(Some("nobody"))
}

/// Where PostgreSQL's programs are: Debian keeps them off `PATH`, by version.
fn bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    debian
        .chain(on_path)
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}
