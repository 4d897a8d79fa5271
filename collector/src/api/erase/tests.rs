use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::*;
use crate::access::Scope;
use crate::ingest::Limits;
use crate::made_up::{Spool, call};
use crate::store::{Arrival, Location, Store};

/// A collector whose store has a row of eve's, and an admin.
async fn collector() -> (TempDir, App, Principal) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(&Location::Directory(directory.path().into())).await;
    let store = store.expect("a store");
    let report = Spool::of("web-1").report(vec![call("eve", "claude")]);
    let arrival = Arrival::of(report, Timestamp::now());
    store.apply(arrival).await.expect("a row");
    let page = "https://umbra.example/".parse().expect("a URL");
    let admin = Principal {
        actor: "ada".to_owned(),
        account: Some("ada".to_owned()),
        rights: Vec::new(),
        scope: Scope::default(),
        csrf: None,
    };
    (
        directory,
        App::new(Arc::new(store), None, Limits::default(), page),
        admin,
    )
}

fn eve(pseudonym: Option<String>) -> EraseWanted {
    EraseWanted {
        name: "eve".to_owned(),
        reason: "SEC-40".to_owned(),
        pseudonym,
    }
}

#[tokio::test]
async fn it_goes_on_when_nobody_waits() {
    let (_directory, app, admin) = collector().await;
    let outcome = take_out(&app, &admin, eve(None), Duration::ZERO).await;
    let outcome = outcome.expect("it begins");
    assert!(outcome.erased.is_none());
    let end = async {
        loop {
            let last = app.store.audit(u64::MAX, 1).await.expect("the log").pop();
            if let Some(last) = last.filter(|last| last.action == "person_erased") {
                return last.subject;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let end = tokio::time::timeout(Duration::from_secs(30), end).await;
    assert_eq!(end.ok(), Some(outcome.pseudonym));
}

#[tokio::test]
async fn what_stops_half_way_says_how_to_go_on() {
    let (directory, app, admin) = collector().await;
    let file = SqliteConnectOptions::new().filename(directory.path().join("umbra.db"));
    let database = SqlitePool::connect_with(file).await.expect("the database");
    let change = async |sql| sqlx::query(sql).execute(&database).await.expect(sql);
    change("ALTER TABLE views RENAME TO away").await;
    let stopped = take_out(&app, &admin, eve(None), PATIENCE)
        .await
        .expect_err("no views");
    assert_eq!(stopped.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let (_, pseudonym) = stopped.error().rsplit_once(' ').expect("words");
    assert!(pseudonym.starts_with("person-"), "{}", stopped.error());
    change("ALTER TABLE away RENAME TO views").await;
    let outcome = take_out(&app, &admin, eve(Some(pseudonym.to_owned())), PATIENCE).await;
    let outcome = outcome.expect("the rest");
    assert_eq!(outcome.pseudonym, pseudonym);
    assert_eq!(
        outcome.erased.map(|erased| erased.callers),
        Some(0),
        "they were out"
    );
}
