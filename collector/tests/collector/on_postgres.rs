use umbra_collector::store::Database;

use crate::cluster::Cluster;

#[expect(clippy::unnecessary_wraps, reason = "SQLite's has none")]
/// A new database in place of SQLite in the data directory.
pub(crate) fn database() -> Option<Database> {
    Some(url().parse().expect("a URL"))
}

/// What `serve` is told of it.
pub(crate) fn arguments() -> Vec<String> {
    vec!["--database".to_owned(), url()]
}

/// Ends what a collector that was killed holds, as a minute would; only then may another one send its alert.
pub(crate) fn end_leases(arguments: &[String]) {
    let url = &arguments[1];
    let name = url["postgres:///".len()..].split('?').next().expect("a name");
    let cluster = Cluster::shared().expect("it made the database");
    cluster.sql(name, "UPDATE routes SET lease = 1 WHERE lease > 0");
}

pub(crate) fn url() -> String {
    match Cluster::shared() {
        Some(cluster) => cluster.database(),
        // None of these tests can be run; it was said.
        None => std::process::exit(0),
    }
}
