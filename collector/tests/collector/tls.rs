use reqwest::{Certificate, Client};
use umbra_collector::config::Tls;

use crate::running::{Collector, client};

#[tokio::test]
async fn https_when_certificate_and_key_are_given() {
    // Installs the provider that the client below takes.
    drop(client());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let directory = tempfile::tempdir().expect("a directory");
    let tls = Tls {
        cert: directory.path().join("cert.pem"),
        key: directory.path().join("key.pem"),
    };
    std::fs::write(&tls.cert, made.cert.pem()).expect("a file");
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).expect("a file");
    let collector = Collector::start_with(|settings| settings.tls = Some(tls)).await;
    assert!(collector.url.starts_with("https://127.0.0.1:"));
    let port = collector
        .url
        .trim_end_matches('/')
        .rsplit_once(':')
        .expect("a port")
        .1
        .to_owned();
    let trusting = Client::builder()
        .no_proxy()
        .tls_certs_only([Certificate::from_pem(made.cert.pem().as_bytes()).expect("a certificate")])
        .build()
        .expect("a client");
    let answer = trusting
        .get(format!("https://localhost:{port}/healthz"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.text().await.expect("text"), "ok\n");
}
