//! What a client asks a SOCKS proxy for is its name; and so it is with any tunnel in which no name is said.

use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::process::Process;
use umbra_tests::proxies::{CREDENTIALS, Proxy};
use umbra_tests::skip::Need;

use crate::expect::{CONNECT, SOCKS, TLS, check_name, flow_of};
use crate::names::{OPENAI, bed_serving};
use crate::through::{Through, asked, via};

const PROXIES: [Need; 2] = [Need::Program("squid"), Need::Program("danted")];

#[test]
fn requests_of_socks_are_named() {
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let (dante, own) = (Proxy::dante(&bed), Proxy::socks4a(&bed));
    let wary = Proxy::dante_with_password(&bed);
    let known = format!("{CREDENTIALS}@");
    let agent = Agent::start(&Setup::default());
    for (scheme, user, proxy, protocol, evidence) in [
        ("socks5h", "", &dante, "socks5", SOCKS),
        // With the address of the server, whose name is in the hello alone.
        ("socks5", "", &dante, "socks5", TLS),
        ("socks4", "", &dante, "socks4", TLS),
        ("socks4a", "", &own, "socks4", SOCKS),
        ("socks5h", &known, &wary, "socks5", SOCKS),
        ("socks5", &known, &wary, "socks5", TLS),
    ] {
        let path = format!("/bytes/1000/{scheme}/{}", proxy.address.port());
        let url = format!("{scheme}://{user}{}", proxy.address);
        let tool = named("curl").with(&["--proxy", &url]);
        let run = bed.run(&tool, &Call::to(OPENAI.name, &path));
        let flow = Through::new(&agent, &bed, &tool, &run, &path).only();
        asked(&flow, evidence, &tool, &run, &bed, &via(protocol, proxy, 1));
        // The children of dante that connect are others than the one that was started.
        let relay = flow_of(&agent, |event| {
            event.process.exe.as_deref() == proxy.exe.to_str()
                && event.relays.as_ref() == Some(&flow.open.flow_id)
        });
        check_name(&relay.open, TLS, &OPENAI);
    }
    let log = dante.log();
    assert!(log.contains("tcp/connect"), "{log}");
    assert!(own.log().contains("CONNECT api.openai.com:443"), "{}", own.log());
    assert!(agent.stop().success());
}

#[test]
fn a_tunnel_without_a_name_in_it_has_that_of_the_request() {
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let (squid, dante) = (Proxy::squid(&bed), Proxy::dante(&bed));
    let agent = Agent::start(&Setup::default());
    // A selector of gopher is neither a hello nor a request of HTTP: the server refuses it.
    let selector = format!("gopher://{}:443/1selector", OPENAI.name);
    for (proxy, scheme, evidence, protocol) in [
        (&squid, "http", CONNECT, "http_connect"),
        (&dante, "socks5h", SOCKS, "socks5"),
    ] {
        let mut curl = bed.command("curl");
        curl.args([
            "--silent",
            "--proxytunnel",
            "--proxy",
            &proxy.url(scheme),
            &selector,
        ]);
        let mut curl = Process::start(&mut curl);
        curl.succeed(Duration::from_secs(20));
        let flow = flow_of(&agent, |event| event.process.pid == curl.pid());
        check_name(&flow.open, evidence, &OPENAI);
        assert_eq!(flow.open.via, Some(via(protocol, proxy, 1)));
    }
    assert!(agent.stop().success());
}
