use std::sync::OnceLock;

use umbra_collector::store::Database;

use crate::cluster::Cluster;
use crate::pooler::Pooler;

#[expect(clippy::unnecessary_wraps, reason = "SQLite's has none")]
/// A new database, through the pooler, in place of SQLite in the data directory.
pub(crate) fn database() -> Option<Database> {
    Some(url().parse().expect("a URL"))
}

pub(crate) fn url() -> String {
    static SHARED: OnceLock<Option<Pooler>> = OnceLock::new();
    let Some(cluster) = Cluster::shared() else {
        // None of these tests can be run; it was said.
        std::process::exit(0)
    };
    match SHARED.get_or_init(|| Pooler::before(cluster, "pooler", "")) {
        Some(pooler) => pooler.through(&cluster.database()),
        None => std::process::exit(0),
    }
}
