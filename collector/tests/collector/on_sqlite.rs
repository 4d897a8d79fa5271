use umbra_collector::store::Database;

/// The database in place of SQLite in the data directory: none.
pub(crate) fn database() -> Option<Database> {
    None
}

/// What `serve` is told of it.
pub(crate) fn arguments() -> Vec<String> {
    Vec::new()
}

/// Nothing to do: a collector that starts knows that no other one holds anything.
pub(crate) fn end_leases(_arguments: &[String]) {}
