//! What is PostgreSQL's own: several collectors, a server that goes and comes, log-ins, TLS, dumps.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

use crate::cluster::Cluster;
use crate::enrolment::host;
use crate::live::Watch;
use crate::load::Load;
use crate::made_up::{Spool, call};
use crate::receiver::Receiver;
use crate::running::{Collector, eventually};

/// A collector on this database.
pub(crate) async fn on(url: &str) -> Collector {
    Collector::start_with(|settings| settings.database = Some(url.parse().expect("a URL"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_crashes_and_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    let Some(cluster) = Cluster::start("") else { return };
    let url = cluster.database();
    let load = Load::on(&[Arc::new(on(&url).await), Arc::new(on(&url).await)]);
    for end in ["stop", "crash", "kill", "kill", "kill"] {
        load.goes_on().await;
        cluster.tell(end);
        load.puts_off().await;
        cluster.tell("start");
    }
    load.goes_on().await;
    load.all_is_there().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_shows_the_page_and_puts_reports_off() {
    let Some(cluster) = Cluster::start("") else { return };
    let collector = on(&cluster.database()).await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("alice", "curl")])).await;
    // As a standby answers.
    let set = |to| {
        cluster.sql(
            "postgres",
            &format!("ALTER SYSTEM SET default_transaction_read_only = {to}"),
        );
        cluster.sql("postgres", "SELECT pg_reload_conf()");
    };
    set("on");
    let report = spool.report(vec![call("alice", "curl")]);
    let refused = eventually("it is refused", async || {
        let answer = collector.post(&report).await;
        (answer.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(answer)
    })
    .await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(collector.get("inventory").await.status(), StatusCode::OK);
    set("off");
    eventually("it is taken", async || {
        (collector.post(&report).await.status() == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(collector.rows().await[0]["flows"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_at_one_collector_is_told_what_the_other_takes() {
    let url = crate::on::url();
    let (one, two) = (on(&url).await, on(&url).await);
    let mut watch = Watch::of(&one, "").await;
    // Of collectors that write at the same time nothing is lost without a count.
    let collectors = [Arc::new(one), Arc::new(two)];
    let heard = tokio::spawn(async move {
        let mut told = 0;
        while let Some(event) = watch.heard(Duration::from_secs(5)).await {
            told += event.skipped().unwrap_or(1);
        }
        told
    });
    let load = Load::on(&collectors);
    load.goes_on().await;
    load.all_is_there().await;
    let rows = collectors[0].rows().await;
    let flows: u64 = rows
        .iter()
        .map(|row| row["flows"].as_u64().expect("a number"))
        .sum();
    assert_eq!(heard.await.expect("a task"), flows);
    let mut watch = Watch::of(&collectors[0], "").await;
    collectors[1]
        .take(&Spool::of("web-9").report(vec![call("alice", "curl")]))
        .await;
    assert!(watch.next().await.has("web-9"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_collectors_send_each_alert_once_and_take_each_others_agents() {
    let url = crate::on::url();
    let receiver = Receiver::anywhere(&[]).await;
    let start = async || {
        host::start_on(|settings| {
            settings.database = Some(url.parse().expect("a URL"));
            settings.webhook = Some(receiver.url());
        })
        .await
    };
    let (one, two) = (start().await, start().await);
    let token = host::token(&one, host::DAY, 1).await;
    let mut agent = host::Agent::enrolled(&two, "web-1", &token).await;
    assert_eq!(agent.report(&one).await.status(), StatusCode::OK);
    assert_eq!(agent.report(&two).await.status(), StatusCode::OK);
    assert_eq!(one.rows().await, two.rows().await);
    // The last use of a token is gone at the other one, too.
    let late = host::Agent::new(&one, "web-2").await.ask(&one, &token).await;
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);

    let mut spools = [Spool::of("web-3"), Spool::of("web-4")];
    for round in 0..10 {
        let [first, second] = spools.each_mut();
        let calls = |host| {
            (0..3)
                .map(move |number| call("alice", &format!("{host}-{round}-{number}")))
                .collect()
        };
        let (first, second) = (first.report(calls("a")), second.report(calls("b")));
        tokio::join!(one.take(&first), two.take(&second));
    }
    eventually("all are sent", async || {
        (receiver.calls().len() >= 61).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let calls = receiver.calls();
    let ids: std::collections::HashSet<_> = calls.iter().map(|(id, _)| id).collect();
    assert_eq!((calls.len(), ids.len()), (61, 61), "each once");
}

fn serve(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_umbra-collector"));
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("UMBRA_DATABASE", database)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Lets it run until it listens, or ends; gives whether it listened, and all that it said.
fn said(mut command: Command) -> (bool, String) {
    let mut child = command.spawn().expect("the collector");
    // It says more than a pipe holds.
    let mut stderr = child.stderr.take().expect("stderr");
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut text).expect("text");
        text
    });
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("stdout"));
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("a line");
    let listens = line.contains("listens on");
    let _ = child.kill();
    child.wait().expect("its end");
    (listens, line + &errors.join().expect("what it said"))
}

#[test]
fn a_password_is_never_said_and_may_come_from_a_file() {
    let Some(cluster) = Cluster::shared() else { return };
    cluster.sql(
        "postgres",
        "CREATE DATABASE secured; CREATE ROLE guarded LOGIN PASSWORD 'Geheim1'",
    );
    cluster.sql("secured", "GRANT ALL ON SCHEMA public TO guarded");
    let socket = cluster.directory.display();
    let url = |password: &str| format!("postgres:///secured?host={socket}&user=guarded{password}");
    let (listens, log) = said(serve(&url("&password=Geheim1")));
    assert!(
        listens && log.contains("as guarded") && !log.contains("Geheim"),
        "{log}"
    );
    let (listens, log) = said(serve(&url("&password=Geheim2")));
    assert!(
        !listens && log.contains("PostgreSQL refuses the login") && !log.contains("Geheim"),
        "{log}"
    );

    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("pgpass");
    std::fs::write(&file, "*:*:secured:guarded:Geheim1\n").expect("a file");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let mut command = serve(&url(""));
    command.env("PGPASSFILE", &file);
    let (listens, log) = said(command);
    assert!(listens && !log.contains("Geheim"), "{log}");
}

#[test]
fn what_is_wrong_with_a_database_is_said_in_one_sentence() {
    let Some(cluster) = Cluster::shared() else { return };
    cluster.sql(
        "postgres",
        "CREATE ROLE alone LOGIN CONNECTION LIMIT 0; CREATE DATABASE alone OWNER alone",
    );
    for (url, sentence) in [
        (
            "postgres://umbra@127.0.0.1:1/umbra".to_owned(),
            "PostgreSQL does not answer",
        ),
        (cluster.url("nowhere"), "PostgreSQL refuses the login"),
        (
            cluster.url("alone").replace("user=umbra", "user=alone"),
            "PostgreSQL has no connection left",
        ),
    ] {
        let (listens, log) = said(serve(&url));
        assert!(!listens);
        let last = log.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("umbra-collector: ") && last.contains(sentence),
            "{log}"
        );
    }
}

#[test]
fn tls_verifies_the_server() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let Some(cluster) = Cluster::start_at("", Some(port)) else {
        return;
    };
    let root = cluster.directory.join("server.crt");
    let url = |host: &str, tls: &str| format!("postgres://umbra@{host}:{port}/postgres?sslmode={tls}");
    let (listens, log) = said(serve(&format!(
        "{}&sslrootcert={}",
        url("127.0.0.1", "verify-full"),
        root.display()
    )));
    assert!(listens, "{log}");
    let used = cluster.sql("postgres", "SELECT count(*) > 0 FROM _sqlx_migrations");
    assert_eq!(used.trim(), "t");
    // Another name, an authority that did not sign it, no TLS.
    let other = format!(
        "{}&sslrootcert={}",
        url("localhost", "verify-full"),
        root.display()
    );
    for refused in [
        other,
        url("127.0.0.1", "verify-full"),
        url("127.0.0.1", "disable"),
    ] {
        let (listens, log) = said(serve(&refused));
        assert!(!listens, "{refused}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_restores_the_totals() {
    let Some(cluster) = Cluster::shared() else { return };
    let (from, to) = (crate::on::url(), crate::on::url());
    let name = |url: &str| {
        url["postgres:///".len()..]
            .split('?')
            .next()
            .expect("a name")
            .to_owned()
    };
    let collector = on(&from).await;
    let mut spool = Spool::of("web-1");
    let first = spool.report(
        (0..50)
            .map(|number| call("alice", &format!("p{}", number % 9)))
            .collect(),
    );
    collector.take(&first).await;
    let directory = tempfile::tempdir().expect("a directory");
    let dump = directory.path().join("umbra.dump");
    let mut backup = cluster.tool("pg_dump");
    backup
        .args(["--format=custom", "--file"])
        .arg(&dump)
        .arg(name(&from));
    assert!(backup.status().expect("pg_dump").success());
    let mut restore = cluster.tool("pg_restore");
    restore
        .args(["--exit-on-error", "--dbname", &name(&to)])
        .arg(&dump);
    assert!(restore.status().expect("pg_restore").success());
    let restored = on(&to).await;
    assert_eq!(restored.rows().await, collector.rows().await);
    assert_eq!(restored.take(&first).await, 50);
    assert_eq!(
        restored.rows().await,
        collector.rows().await,
        "it still knows what it has"
    );
    // The months are there, too.
    assert_eq!(restored.take(&spool.report(vec![call("alice", "new")])).await, 51);
}
