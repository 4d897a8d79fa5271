use jiff::Timestamp;
use rusqlite::{Connection, params};
use tempfile::TempDir;
use umbra_catalog::Catalogue;

use super::compare;
use crate::bodies::Sums;
use crate::database::Place;
use crate::hosts::Fleet;
use crate::send::Sent;

/// A store of one agent as far as sums go: columns that nobody reads are left out.
fn store(agent: &str) -> (TempDir, Connection) {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Connection::open(folder.path().join("umbra.db")).expect("a database");
    database
        .execute_batch(
            "CREATE TABLE agents (id INTEGER PRIMARY KEY, agent TEXT);
             CREATE TABLE streams (agent INTEGER, sequence INTEGER);
             CREATE TABLE observations (flows INTEGER, bytes_out INTEGER, bytes_in INTEGER);
             CREATE TABLE uses (flows INTEGER, bytes_out INTEGER, bytes_in INTEGER);
             INSERT INTO streams VALUES (1, 7);
             INSERT INTO observations VALUES (1, 100, 1000), (2, 200, 2000);
             INSERT INTO uses VALUES (3, 300, 3000);",
        )
        .expect("tables");
    database
        .execute("INSERT INTO agents VALUES (1, ?1)", params![agent])
        .expect("an agent");
    (folder, database)
}

#[tokio::test]
async fn a_byte_or_a_record_that_is_not_stored_is_told() {
    let catalogue = Catalogue::builtin();
    let fleet = Fleet::new(1, &catalogue, Timestamp::now());
    let hosts = fleet.hosts(2);
    let (folder, database) = store(&hosts[0].agent.id.to_string());
    let place = Place::Directory(folder.path().to_owned());
    let sent = Sent {
        of_hosts: vec![2, 0],
        sums: Sums {
            observations: 5,
            flows: 3,
            bytes_out: 300,
            bytes_in: 3000,
        },
        ..Sent::default()
    };
    let compared = async || compare(&place, &hosts, &sent, |_, report| if report == 1 { 7 } else { 3 }).await;
    assert_eq!(compared().await.expect("all is stored"), 1);
    for (wrong, right, told) in [
        (
            "UPDATE uses SET bytes_in = 2999",
            "UPDATE uses SET bytes_in = 3000",
            "uses",
        ),
        (
            "UPDATE observations SET flows = flows + 1 WHERE flows = 2",
            "UPDATE observations SET flows = 2 WHERE flows = 3",
            "observations",
        ),
        (
            "UPDATE streams SET sequence = 6",
            "UPDATE streams SET sequence = 7",
            "record 7",
        ),
        (
            "INSERT INTO agents VALUES (2, 'x'); INSERT INTO streams VALUES (2, 1)",
            "DELETE FROM streams WHERE agent = 2",
            "1 agents",
        ),
        (
            "DELETE FROM streams",
            "INSERT INTO streams VALUES (1, 7)",
            "record 7",
        ),
    ] {
        database.execute_batch(wrong).expect("a change");
        let error = compared().await.expect_err(wrong).to_string();
        assert!(error.contains(told), "{wrong}: {error}");
        database.execute_batch(right).expect("a change");
        compared().await.expect(right);
    }
}
