//! Receivers that ask for more than a certificate of their own: TLS from the first byte on, and one of the sender's.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use umbra_collector::alerts::{Email, MailTls, Receiver as To, Syslog};

use crate::daemon::free_port;
use crate::made_up::{Spool, call};
use crate::real_receivers::{certificate, fails, mail_server, mails, patiently, rsyslog};
use crate::routes::route;
use crate::running::Collector;

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_over_tls_from_the_first_byte_on() {
    let directory = tempfile::tempdir().expect("a directory");
    certificate(directory.path());
    let port = free_port();
    let Some(_server) = mail_server(directory.path(), port, "implicit") else {
        return;
    };
    let password = directory.path().join("password");
    fs::write(&password, "s3cret\n").expect("a file");
    let to = |name: &str| {
        let email = Email {
            server: "localhost".to_owned(),
            port: Some(port),
            tls: MailTls::Implicit,
            ca_file: Some(directory.path().join("cert.pem")),
            user: Some("umbra".to_owned()),
            password_file: Some(password.clone()),
            from: "umbra@example.com".to_owned(),
            to: vec![format!("{name}@example.com")],
        };
        route(name, To::Email(Box::new(email)))
    };
    let routes = vec![to("soc")];
    let collector = Collector::start_with(|settings| settings.routes = routes).await;
    let report = Spool::of("web-1").report(vec![call("alice", "claude")]);
    collector.take(&report).await;
    let kept = patiently("a mail", async || {
        Some(mails(directory.path())).filter(|mails| !mails.is_empty())
    })
    .await;
    assert!(kept[0].contains("To: soc@example.com"), "{}", kept[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_takes_it_from_who_has_a_certificate() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str| directory.path().join(name);
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("a certificate");
    fs::write(file("ca.pem"), authority.pem()).expect("a file");
    let issuer = Issuer::new(params, key);
    for (owner, name) in [("localhost", ""), ("collector", "own-")] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([owner.to_owned()]).expect("a name");
        let signed = params.signed_by(&key, &issuer).expect("a certificate");
        fs::write(file(&format!("{name}cert.pem")), signed.pem()).expect("a file");
        fs::write(file(&format!("{name}key.pem")), key.serialize_pem()).expect("a file");
    }

    let port = free_port();
    let Some(_server) = rsyslog(directory.path(), port, "x509/certvalid") else {
        return;
    };
    let to = |identity| {
        To::Syslog(Syslog {
            server: "localhost".to_owned(),
            port,
            tls: true,
            ca_file: Some(file("ca.pem")),
            identity,
            facility: 16,
            enterprise: 32473,
        })
    };
    let routes = vec![
        route("siem", to(Some((file("own-cert.pem"), file("own-key.pem"))))),
        route("nameless", to(None)),
    ];
    let collector = Collector::start_with(|settings| settings.routes = routes).await;
    let report = Spool::of("web-1").report(vec![call("alice", "claude")]);
    collector.take(&report).await;
    let text = patiently("a line", async || {
        let text = fs::read_to_string(file("log")).unwrap_or_default();
        Some(text).filter(|text| text.contains("umbra-collector"))
    })
    .await;
    assert!(text.contains("claude talks to OpenAI on web-1 (alice)"), "{text}");
    let error = fails(&collector, "nameless").await;
    assert!(error.contains("tls"), "{error}");
    let lines = text.lines().filter(|line| line.contains("umbra-collector"));
    assert_eq!(lines.count(), 1);
}
