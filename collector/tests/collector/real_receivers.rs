//! Alerts at the real Alertmanager, rsyslog and a mail server, which are away when the first one is raised.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use umbra_collector::alerts::{Email, MailTls, Receiver as To, Route, Syslog};
use umbra_collector::findings::FindingState;
use umbra_collector::store::{By, FindingDecision};

use crate::daemon::{Daemon, free_port};
use crate::made_up::{Spool, call};
use crate::python;
use crate::routes::{http, route, state};
use crate::running::Collector;

/// Waits for longer than a receiver takes to start and a courier to come back; fails loudly after a minute.
pub(crate) async fn patiently<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_mins(1) {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what}: not within a minute");
}

/// Waits until the route says that it fails, and why.
pub(crate) async fn fails(collector: &Collector, name: &str) -> String {
    patiently("the route fails", async || {
        state(collector, name).await["error"].as_str().map(str::to_owned)
    })
    .await
}

/// Certificate and key for localhost, signed by itself.
pub(crate) fn certificate(directory: &Path) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    fs::write(directory.join("cert.pem"), made.cert.pem()).expect("a file");
    fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).expect("a file");
}

fn alertmanager(directory: &Path, port: u16) -> Option<Daemon> {
    let config = directory.join("alertmanager.yml");
    let text = "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n";
    fs::write(&config, text).expect("a file");
    let mut command = Command::new("prometheus-alertmanager");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", directory.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        // No other instances.
        .arg("--cluster.listen-address=");
    Daemon::start(&mut command, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn alertmanager_holds_what_goes_on_and_lets_go_of_what_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let port = free_port();
    let url: reqwest::Url = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
    let routes = vec![Route {
        send_resolved: true,
        ..route("am", To::Alertmanager(http(url.clone())))
    }];
    let collector = Collector::start_with(|settings| {
        settings.routes = routes;
        settings.page = Some("https://umbra.example/".parse().expect("a URL"));
    })
    .await;
    let mut spool = Spool::of("web-1");
    collector.take(&spool.report(vec![call("alice", "claude")])).await;
    let error = fails(&collector, "am").await;
    assert!(error.contains("Connection refused"), "{error}");

    let Some(server) = alertmanager(directory.path(), port) else {
        return;
    };
    let client = crate::running::client();
    let active = async || {
        let answer = client.get(format!("{url}api/v2/alerts")).send().await.ok()?;
        let alerts: Value = answer.json().await.ok()?;
        alerts.as_array().cloned()
    };
    let of = |alerts: &[Value]| -> Vec<String> {
        let mut programs: Vec<String> = alerts
            .iter()
            .map(|alert| alert["labels"]["program"].as_str().unwrap_or_default().to_owned())
            .collect();
        programs.sort();
        programs
    };
    let alerts = patiently("the alert", async || {
        active().await.filter(|alerts| alerts.len() == 1)
    })
    .await;
    let labels = &alerts[0]["labels"];
    for (label, value) in [
        ("alertname", "UmbraFinding"),
        ("finding", "1"),
        ("kind", "new_caller"),
        ("severity", "medium"),
        ("vendor", "OpenAI"),
        ("program", "claude"),
        ("host", "web-1"),
    ] {
        assert_eq!(labels[label], value, "{label}");
    }
    assert_eq!(alerts[0]["generatorURL"], "https://umbra.example/?finding=1");
    assert_eq!(alerts[0]["status"]["state"], "active");
    let ends: Timestamp = alerts[0]["endsAt"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    assert!(ends > Timestamp::now(), "it goes on");

    let store = collector.store().await;
    let decision = FindingDecision {
        state: FindingState::Resolved,
        until: None,
        reason: "She has stopped",
    };
    let by = By {
        actor: "ada",
        time: Timestamp::now(),
    };
    assert!(store.decide_finding(1, &decision, &by).await.expect("the store"));
    drop(store);
    // It wakes the couriers as well.
    collector.take(&spool.report(vec![call("bob", "aider")])).await;
    patiently("only the new one", async || {
        active().await.filter(|alerts| of(alerts) == ["aider"])
    })
    .await;

    // One that has forgotten all is told what goes on, and nothing else, when the collector starts again.
    drop(server);
    fs::remove_dir_all(directory.path().join("data")).expect("its memory");
    let _server = alertmanager(directory.path(), port).expect("it started before");
    assert!(active().await.expect("alerts").is_empty());
    let collector = collector.restart().await;
    patiently("what goes on", async || {
        active().await.filter(|alerts| of(alerts) == ["aider"])
    })
    .await;
    patiently("it is settled", async || {
        (state(&collector, "am").await["error"] == Value::Null).then_some(())
    })
    .await;
}

/// `clients` is who may send: anybody (`anon`), or whose certificate is signed (`x509/certvalid`).
pub(crate) fn rsyslog(directory: &Path, port: u16, clients: &str) -> Option<Daemon> {
    let here = directory.display();
    let config = directory.join("rsyslog.conf");
    // A certificate that nobody signed is its own authority.
    let of_others = directory.join("ca.pem");
    let authority = if of_others.exists() {
        of_others
    } else {
        directory.join("cert.pem")
    };
    let authority = authority.display();
    let text = format!(
        r#"global(workDirectory="{here}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{authority}"
       defaultNetstreamDriverCertFile="{here}/cert.pem" defaultNetstreamDriverKeyFile="{here}/key.pem")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="{clients}")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="line" type="string" string="%pri%|%timestamp:::date-rfc3339%|%app-name%|%msgid%|%structured-data%|%msg%\n")
action(type="omfile" file="{here}/log" template="line")
"#
    );
    fs::write(&config, text).expect("a file");
    let mut command = Command::new("rsyslogd");
    command.arg("-n").arg("-f").arg(&config);
    command.arg("-i").arg(directory.join("rsyslog.pid"));
    // Debian keeps it off the path of those who are not root.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin"));
    if !Path::new("/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so").exists()
        && !Path::new("/usr/lib/aarch64-linux-gnu/rsyslog/lmnsd_gtls.so").exists()
    {
        println!("skipped: rsyslog has no TLS; `cargo xtask setup` installs rsyslog-gnutls");
        return None;
    }
    Daemon::start(&mut command, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_writes_what_it_is_sent_over_tls() {
    let directory = tempfile::tempdir().expect("a directory");
    certificate(directory.path());
    let port = free_port();
    let to = To::Syslog(Syslog {
        server: "localhost".to_owned(),
        port,
        tls: true,
        ca_file: Some(directory.path().join("cert.pem")),
        identity: None,
        facility: 16,
        enterprise: 32473,
    });
    let collector = Collector::start_with(|settings| settings.routes = vec![route("siem", to)]).await;
    let mut spool = Spool::of("web-1");
    collector
        .take(&spool.report(vec![call("zoë", r#"cl"au]de\"#)]))
        .await;
    let error = fails(&collector, "siem").await;
    assert!(error.contains("connecting failed: Connection refused"), "{error}");

    let Some(server) = rsyslog(directory.path(), port, "anon") else {
        return;
    };
    let log = async |parts: usize| {
        let text = fs::read_to_string(directory.path().join("log")).unwrap_or_default();
        Some(text).filter(|text| {
            text.lines()
                .filter(|line| line.contains("umbra-collector"))
                .count()
                >= parts
        })
    };
    let text = patiently("a line", async || log(1).await).await;
    let line = text
        .lines()
        .find(|line| line.contains("umbra-collector"))
        .expect("the line");
    let fields: Vec<&str> = line.splitn(6, '|').collect();
    // local0 is 16, a warning is 4.
    assert_eq!(
        (fields[0], fields[2], fields[3]),
        ("132", "umbra-collector", "new_caller"),
        "{line}"
    );
    assert!(fields[1].parse::<Timestamp>().is_ok(), "{line}");
    assert!(fields[4].starts_with("[umbra@32473 id="), "{line}");
    for part in [
        r#" finding="1""#,
        r#" program="cl\"au\]de\\""#,
        r#" host="web-1""#,
        r#" severity="medium""#,
        " user=\"zoë\"",
    ] {
        assert!(fields[4].contains(part), "{part} is not in {line}");
    }
    assert!(fields[5].ends_with("talks to OpenAI on web-1 (zoë)"), "{line}");
    assert!(
        fields[5].contains('\u{feff}'),
        "what is not ASCII says that it is UTF-8"
    );
    patiently("it is settled", async || {
        (state(&collector, "siem").await["error"] == Value::Null).then_some(())
    })
    .await;

    // Away, and back again: nothing is lost.
    drop(server);
    collector.take(&spool.report(vec![call("bob", "aider")])).await;
    fails(&collector, "siem").await;
    let server = rsyslog(directory.path(), port, "anon").expect("it started before");
    let text = patiently("another line", async || log(2).await).await;
    assert!(text.contains("aider talks to OpenAI on web-1 (bob)"), "{text}");
    patiently("nothing waits", async || {
        (state(&collector, "siem").await["delivered"] == 2).then_some(())
    })
    .await;

    // One that hangs has its connections made by the kernel, which takes the bytes as well: that is no delivery.
    server.tell("STOP");
    collector.take(&spool.report(vec![call("bob", "goose")])).await;
    let error = fails(&collector, "siem").await;
    assert!(error.contains("no answer within 10 s"), "{error}");
    server.tell("CONT");
    let text = patiently("the third line", async || log(3).await).await;
    assert!(text.contains("goose talks to OpenAI on web-1 (bob)"), "{text}");
}

/// `tls` is how it begins: `starttls` or `implicit`.
pub(crate) fn mail_server(directory: &Path, port: u16, tls: &str) -> Option<Daemon> {
    let mut command = python::script("mail.py")?;
    command.arg(port.to_string());
    command.args(["cert.pem", "key.pem"].map(|name| directory.join(name)));
    let folder = directory.join("mail");
    fs::create_dir_all(&folder).expect("a folder");
    command.arg(folder).arg(tls);
    Daemon::start(&mut command, port)
}

/// The mails that were kept, each as text.
pub(crate) fn mails(directory: &Path) -> Vec<String> {
    let files = fs::read_dir(directory.join("mail"))
        .into_iter()
        .flatten()
        .flatten();
    let mut paths: Vec<_> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).expect("text").replace("=\r\n", ""))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_takes_refuses_and_puts_off_mail() {
    let directory = tempfile::tempdir().expect("a directory");
    certificate(directory.path());
    let port = free_port();
    let password = directory.path().join("password");
    fs::write(&password, "wrong\n").expect("a file");
    let to = |name: &str, address: &str| {
        let email = Email {
            server: "localhost".to_owned(),
            port: Some(port),
            tls: MailTls::Starttls,
            ca_file: Some(directory.path().join("cert.pem")),
            user: Some("umbra".to_owned()),
            password_file: Some(password.clone()),
            from: "Umbra <umbra@example.com>".to_owned(),
            to: vec![address.to_owned()],
        };
        route(name, To::Email(Box::new(email)))
    };
    let routes = vec![
        to("soc", "soc@example.com"),
        to("later", "later@example.com"),
        to("nobody", "nobody@example.com"),
    ];
    let collector = Collector::start_with(|settings| settings.routes = routes).await;
    collector
        .take(&Spool::of("web-1").report(vec![call("zoë", "claude")]))
        .await;
    let error = fails(&collector, "soc").await;
    assert!(error.contains("see that the mail server runs"), "{error}");

    let Some(_server) = mail_server(directory.path(), port, "starttls") else {
        return;
    };
    let error = patiently("the log-in fails", async || {
        let error = fails(&collector, "soc").await;
        error.contains("535").then_some(error)
    })
    .await;
    assert!(
        error.contains("see that user and password_file are right"),
        "{error}"
    );
    assert_eq!(
        state(&collector, "soc").await["pending"],
        1,
        "the alert waits for the right password"
    );

    fs::write(&password, "s3cret\n").expect("a file");
    let collector = collector.restart().await;
    let kept = patiently("a mail", async || {
        Some(mails(directory.path())).filter(|mails| !mails.is_empty())
    })
    .await;
    for part in [
        "From: Umbra <umbra@example.com>",
        "To: soc@example.com",
        "Auto-Submitted: auto-generated",
        "Message-ID: <",
        "@example.com>",
        "New caller: claude talks to OpenAI on web-1 (zo=C3=AB)",
        "Severity: medium",
        "finding=3D1",
    ] {
        assert!(kept[0].contains(part), "{part} is not in {}", kept[0]);
    }
    let refused = patiently("nobody is refused", async || {
        Some(state(&collector, "nobody").await).filter(|state| state["refused"] == 1)
    })
    .await;
    let error = refused["error"].as_str().expect("an error");
    assert!(
        error.contains("550") && error.contains("no such person"),
        "{error}"
    );
    let later = patiently("later is put off", async || {
        let error = fails(&collector, "later").await;
        error.contains("451").then_some(error)
    })
    .await;
    assert!(later.contains("come back later"), "{later}");
    assert_eq!(state(&collector, "later").await["pending"], 1);
    assert_eq!(mails(directory.path()).len(), 1, "each heard of it once");
}
