//! A PostgreSQL server of the tests' own: in a new directory, reached through a Unix socket there, gone with the tests.
#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// Makes the cluster and obeys. The end of its input is the end of the tests, however they end, and so of the server.
const SCRIPT: &str = r#"
set -e
bin=$1 options=$2 port=$3 primary=$4
dir=$(mktemp -d /tmp/umbra-postgres-XXXXXX)
cd "$dir"
if [ -n "$primary" ]; then
    "$bin/pg_basebackup" --pgdata=data --write-recovery-conf --checkpoint=fast --no-sync \
        --host="$primary" --username=umbra > log 2>&1
else
    "$bin/initdb" --pgdata=data --username=umbra --auth=trust --no-sync --encoding=UTF8 --locale=C > log
    {
        echo 'local all guarded scram-sha-256'
        echo 'hostssl all all 127.0.0.1/32 trust'
        echo 'host all all 127.0.0.1/32 reject'
        cat data/pg_hba.conf
    } > hba && mv hba data/pg_hba.conf
fi
listen="-c listen_addresses="
if [ -n "$port" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
        -keyout data/server.key -out data/server.crt 2>> log
    cp data/server.crt server.crt
    export PGPORT=$port
    listen="-c listen_addresses=127.0.0.1 -c port=$port -c ssl=on"
fi
begin() {
    # Neither safe nor needed here, and it takes time.
    "$bin/postgres" -D data -k "$dir" $listen -c fsync=off -c full_page_writes=off \
        -c synchronous_commit=off -c max_wal_size=256MB -c shared_buffers=32MB $options >> log 2>&1 &
    pid=$!
    until "$bin/pg_isready" --quiet --host="$dir"; do
        kill -0 $pid
        sleep 0.05
    done
}
kill_all() {
    # At one stroke, so that none of them sees another's end; it does not start again while one holds its memory.
    all="$pid $(cat /proc/$pid/task/$pid/children)"
    kill -KILL $all
    wait $pid 2>> log || true
    for one in $all; do
        while grep -qs VmSize /proc/$one/status; do sleep 0.01; done
    done
}
begin
echo "$dir"
trap : INT
while read -r command; do
    case $command in
        stop) kill -INT $pid; wait $pid || true ;;
        crash) kill -QUIT $pid; wait $pid || true ;;
        kill) kill_all ;;
        start) begin ;;
        promote) "$bin/pg_ctl" promote --pgdata=data --wait >> log 2>&1 ;;
    esac
    echo done
done
kill -QUIT $pid
wait $pid || true
rm -rf "$dir"
"#;

pub(crate) struct Cluster {
    pub(crate) directory: PathBuf,
    bin: PathBuf,
    port: Option<u16>,
    databases: AtomicUsize,
    /// `None` once it is told to end.
    control: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    child: Child,
}

impl Cluster {
    /// The server that the tests of this process share; `None`, with the reason said, where there is none.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        let shared = SHARED
            .get_or_init(|| Self::start("-c max_connections=400"))
            .as_ref();
        if shared.is_none() {
            // Not by println, which libtest keeps to itself when the test passes.
            let _ = writeln!(std::io::stdout(), "skipped: PostgreSQL is not installed");
        }
        shared
    }

    /// A server for one test.
    pub(crate) fn start(options: &str) -> Option<Self> {
        Self::start_at(options, None)
    }

    /// A server that also listens on a port of loopback, with TLS alone; `server.crt` in its directory is to be trusted.
    pub(crate) fn start_at(options: &str, port: Option<u16>) -> Option<Self> {
        Self::launch(unprivileged(), options, port, None)
    }

    /// A server that follows this one until it is told to `promote` itself.
    pub(crate) fn standby(&self) -> Self {
        Self::launch(unprivileged(), "", None, Some(&self.directory)).expect("PostgreSQL is there")
    }

    /// A server that has so much room in `directory`, which nobody else sees; for root alone.
    pub(crate) fn start_with_room(directory: &Path, size: &str) -> Option<Self> {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c"]);
        unshare.arg(r#"mount -t tmpfs -o size=$2,mode=777 none "$1" && shift 2 && exec "$@""#);
        unshare.arg("sh").arg(directory).arg(size);
        let within = unprivileged();
        unshare.arg(within.get_program()).args(within.get_args());
        Self::launch(unshare, "", None, None)
    }

    /// Starts it by a shell, which `command` gives the script to.
    fn launch(
        mut command: Command,
        options: &str,
        port: Option<u16>,
        primary: Option<&Path>,
    ) -> Option<Self> {
        let bin = bin()?;
        let mut child = command
            .args(["-c", SCRIPT, "sh"])
            .arg(&bin)
            .arg(options)
            .arg(port.map(|port| port.to_string()).unwrap_or_default())
            .arg(primary.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let input = child.stdin.take().expect("stdin");
        let mut output = BufReader::new(child.stdout.take().expect("stdout"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        assert!(line.starts_with('/'), "PostgreSQL does not start: {line:?}");
        Some(Self {
            directory: line.trim().into(),
            bin,
            port,
            databases: AtomicUsize::new(0),
            control: Mutex::new(Some((input, output))),
            child,
        })
    }

    /// `start`s it, `stop`s it as its service does, lets it `crash`, `kill`s each of its processes, or makes a standby
    /// `promote` itself; returns when that is done.
    pub(crate) fn tell(&self, what: &str) {
        let mut control = self.control.lock().expect("the shell");
        let control = control.as_mut().expect("the shell");
        writeln!(control.0, "{what}").expect("the shell");
        let mut line = String::new();
        control.1.read_line(&mut line).expect("the shell");
        assert_eq!(line, "done\n");
    }

    /// A new database; gives its address.
    pub(crate) fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("umbra_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The address of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&user=umbra",
            self.directory.display()
        )
    }

    /// Runs statements, one after the other; gives what they print.
    pub(crate) fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = self.tool("psql");
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]);
        psql.args(["--dbname", database]);
        // Each by itself: some run in no transaction.
        for statement in statements.split(';') {
            psql.args(["--command", statement]);
        }
        let output = psql.output().expect("psql");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    }

    /// One of PostgreSQL's programs, told where the server is.
    pub(crate) fn tool(&self, name: &str) -> Command {
        let mut tool = Command::new(self.bin.join(name));
        tool.env("PGPORT", self.port.unwrap_or(5432).to_string());
        tool.arg("--host")
            .arg(&self.directory)
            .args(["--username", "umbra"]);
        tool
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.control.get_mut().expect("the shell").take();
        let _ = self.child.wait();
    }
}

/// Whether this is root, who may mount and be somebody else.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("/proc").uid() == 0
}

/// A shell that is not root's: PostgreSQL and `PgBouncer` refuse to run as root.
pub(crate) fn unprivileged() -> Command {
    if !is_root() {
        return Command::new("sh");
    }
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh"]);
    setpriv
}

/// Where PostgreSQL's programs are: Debian keeps them off `PATH`, by version.
fn bin() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    debian
        .chain(on_path)
        .find(|dir| dir.join("initdb").exists() && dir.join("postgres").exists())
}
