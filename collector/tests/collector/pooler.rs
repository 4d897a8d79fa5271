//! `PgBouncer` in transaction pooling before the tests' PostgreSQL; gone with the tests.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::cluster::{Cluster, unprivileged};

/// Fewer sessions than two collectors have connections, so that each of them meets others' sessions.
const SCRIPT: &str = r#"
set -e
server=$1 name=$2 setting=$3
mkdir "$server/$name"
cd "$server/$name"
echo '"umbra" ""' > users
cat > pgbouncer.ini <<END
[databases]
* = host=$server
[pgbouncer]
listen_addr =
listen_port = 5432
unix_socket_dir = $server/$name
auth_type = trust
auth_file = $server/$name/users
pool_mode = transaction
default_pool_size = 6
max_client_conn = 400
$setting
END
PATH=$PATH:/usr/sbin
pgbouncer --quiet pgbouncer.ini > log 2>&1 &
pid=$!
until [ -S .s.PGSQL.5432 ]; do
    kill -0 $pid
    sleep 0.05
done
echo ready
cat > /dev/null
kill -KILL $pid
wait $pid 2>> log || true
"#;

pub(crate) struct Pooler {
    directory: PathBuf,
    input: Option<ChildStdin>,
    child: Child,
}

impl Pooler {
    /// One before this server, with one more line in its configuration; `None`, with the reason said, where there is none.
    pub(crate) fn before(cluster: &Cluster, name: &str, setting: &str) -> Option<Self> {
        if version().is_none() {
            // Not by println, which libtest keeps to itself when the test passes.
            let _ = writeln!(std::io::stdout(), "skipped: PgBouncer is not installed");
            return None;
        }
        let mut child = unprivileged()
            .args(["-c", SCRIPT, "sh"])
            .arg(&cluster.directory)
            .args([name, setting])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout"))
            .read_line(&mut line)
            .expect("a line");
        assert_eq!(line, "ready\n", "PgBouncer does not start");
        Some(Self {
            directory: cluster.directory.join(name),
            input: child.stdin.take(),
            child,
        })
    }

    /// The address, through this one, of the database that has this address.
    pub(crate) fn through(&self, url: &str) -> String {
        let (database, _) = url.split_once('?').expect("an address of the tests");
        format!("{database}?host={}&user=umbra", self.directory.display())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.input.take();
        let _ = self.child.wait();
    }
}

/// `PgBouncer`'s version, as far as it matters: 1.21 and later know prepared statements.
pub(crate) fn version() -> Option<(u32, u32)> {
    let mut command = Command::new("pgbouncer");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    let output = command.arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
