//! TLS that begins in the middle of another protocol is passed over: no finding, and no error.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::python_server;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};

use crate::expect::{nothing_lost, untold};
use crate::names::{OPENAI, bed_serving};

#[test]
fn mail_and_databases_give_no_flow_and_no_error() {
    if spared("STARTTLS") {
        return;
    }
    let needs = [Need::Program("python3"), Need::Program("openssl")];
    let Some(bed) = bed_serving(&needs, &["--issue", OPENAI.name]) else {
        return;
    };
    let (python, script) = match python_server("starttls.py") {
        Ok(both) => both,
        Err(why) => return skip(&why),
    };
    let file = |kind: &str| bed.dir().join(format!("{}.{kind}", OPENAI.name));
    let mut server = bed.command(python);
    let mut server = Process::start(server.arg(script).arg(file("pem")).arg(file("key")));
    server.said("serving", Duration::from_secs(20));

    let agent = Agent::start(&Setup::default());
    let mut pids = Vec::new();
    for (protocol, port) in [("smtp", 25), ("imap", 143), ("postgres", 5432)] {
        let mut client = bed.command("openssl");
        client.args(["s_client", "-verify_return_error", "-starttls", protocol]);
        client
            .args(["-servername", OPENAI.name, "-CAfile"])
            .arg(bed.authority());
        client
            .args(["-connect", &format!("127.0.0.1:{port}")])
            .stdin(std::process::Stdio::null());
        let mut client = Process::start(&mut client);
        client.succeed(Duration::from_secs(20));
        // It did come to TLS.
        server.said(protocol, Duration::from_secs(5));
        pids.push(client.pid());
    }
    nothing_lost(&agent);
    let malformed = "umbra_agent_kernel_total{counter=\"hellos_malformed\"}";
    assert!(agent.metrics().get(malformed) == 0.0);
    untold(agent, [], &pids);
}
