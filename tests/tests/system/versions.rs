//! A hello has one form in all versions of TLS, so that none is asked for: from 1.0 to 1.3, and the drafts before it.

use std::process::Stdio;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::hello::Hello;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, spared};

use crate::expect::{TLS, check_name, flow_of, nothing_lost};
use crate::names::{Known, OPENAI, bed_serving};

const PORT: u16 = 9443;
/// What OpenSSL calls each version in its arguments and in what it says of a connection.
const VERSIONS: [(&str, &str); 4] = [
    ("-tls1", "Protocol  : TLSv1"),
    ("-tls1_1", "Protocol  : TLSv1.1"),
    ("-tls1_2", "Protocol  : TLSv1.2"),
    ("-tls1_3", "New, TLSv1.3"),
];
/// The oldest versions have but signatures by SHA-1.
const WEAK: [&str; 2] = ["-cipher", "DEFAULT:@SECLEVEL=0"];

#[test]
fn every_version_of_tls_is_named() {
    if spared("versions of TLS") {
        return;
    }
    let needs = [Need::Program("openssl")];
    let Some(bed) = bed_serving(&needs, &["--issue", OPENAI.name]) else {
        return;
    };
    let openssl = |command: &str| {
        let mut openssl = bed.command("openssl");
        // The machine's configuration may forbid old versions.
        openssl.env("OPENSSL_CONF", "/dev/null").arg(command).args(WEAK);
        openssl
    };
    let file = |kind: &str| bed.dir().join(format!("{}.{kind}", OPENAI.name));
    let mut server = openssl("s_server");
    server.args(["-www", "-accept", &PORT.to_string()]);
    server.arg("-cert").arg(file("pem")).arg("-key").arg(file("key"));
    let mut server = Process::start(&mut server);
    server.said("ACCEPT", Duration::from_secs(10));

    let agent = Agent::start(&Setup::default());
    for (version, said) in VERSIONS {
        let mut client = openssl("s_client");
        client.args([version, "-servername", OPENAI.name, "-connect"]);
        client.arg(format!("{}:{PORT}", OPENAI.name)).stdin(Stdio::null());
        let mut client = Process::start(&mut client);
        client.succeed(Duration::from_secs(20));
        let lines = client.stdout.all();
        let is_spoken = lines
            .iter()
            .any(|line| line.split(',').take(2).collect::<Vec<_>>().join(",").trim() == said);
        assert!(is_spoken, "{version}: {lines:?}");
        let flow = flow_of(&agent, |event| event.process.pid == client.pid());
        check_name(&flow.open, TLS, &Known { port: PORT, ..OPENAI });
    }
    nothing_lost(&agent);
    assert!(agent.stop().success());
}

#[test]
fn drafts_of_tls_1_3_are_named() {
    if spared("drafts of TLS") {
        return;
    }
    let Some(bed) = bed_serving(&[], &[]) else { return };
    let agent = Agent::start(&Setup::default());
    let hello = Hello {
        name: Some(OPENAI.name),
        drafts: true,
        ..Hello::default()
    };
    for pieces in [&[][..], &["--piece", "1"]] {
        let (pid, truth) = bed.say(OPENAI.name, 443, &hello.records(usize::MAX), pieces);
        assert_eq!(truth.name.as_deref(), Some(OPENAI.name), "{truth:?}");
        check_name(
            &flow_of(&agent, |event| event.process.pid == pid).open,
            TLS,
            &OPENAI,
        );
    }
    assert!(agent.stop().success());
}
