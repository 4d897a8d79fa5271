//! A host of the user's own catalogue is named however it is asked for: one of one label, `ollama`, and addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Stdio;
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::name_server;
use umbra_tests::process::Process;
use umbra_tests::proxies::Proxy;
use umbra_tests::skip::{Need, ready, spared};

use crate::expect::{CONNECT, Evidence, HTTP, SOCKS, TLS, flow_of, untold};
use crate::names::{BED, bed_without_names, own_catalogue};
use crate::through::via;

const HOST: &str = "ollama";
/// Not in the catalogue, and below the host that is.
const OTHERS: [&str; 2] = ["llama", "api.ollama"];

#[test]
fn a_host_of_one_label_is_named_however_it_is_asked_for() {
    if spared("hosts of one label") {
        return;
    }
    if !ready(&BED) || !ready(&[Need::Program("squid"), Need::Program("danted")]) {
        return;
    }
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let hosts = [HOST, OTHERS[0], OTHERS[1]].map(|name| (address, name));
    let bed = TestBed::serving(&hosts, &["--plain", "80"]);
    let (squid, dante) = (Proxy::squid(&bed), Proxy::dante(&bed));
    let agent = Agent::start(&Setup {
        catalogue: Some(own_catalogue(&bed, HOST)),
        ..Setup::default()
    });
    let (http, socks) = (squid.url("http"), dante.url("socks5h"));
    let by_squid = |protocol| Some(via(protocol, &squid, 1));
    let plain = Call::plain(HOST, "/bytes/10");
    let sealed = Call::to(HOST, "/bytes/10");
    for (proxy, call, Evidence(evidence, _), via) in [
        ("", plain, HTTP, None),
        ("", sealed, TLS, None),
        (&*http, plain, HTTP, by_squid("http")),
        (&*http, sealed, CONNECT, by_squid("http_connect")),
        (&*socks, sealed, SOCKS, Some(via("socks5", &dante, 1))),
    ] {
        let run = bed.run(&named("curl").with(&["--proxy", proxy]), &call);
        let event = flow_of(&agent, |event| event.process.pid == run.process.pid()).open;
        assert_eq!((event.name.as_str(), event.evidence.as_str()), (HOST, evidence));
        assert_eq!((event.vendor.as_str(), event.service.as_str()), ("Own", "Models"));
        assert_eq!(event.via, via);
    }
    let pids = OTHERS.map(|name| {
        let run = bed.run(&named("curl"), &Call::plain(name, "/bytes/10"));
        run.process.pid()
    });
    untold(agent, [], &pids);
}

/// For documentation (RFC 5737); the bed has them on its loopback.
const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 8));

#[test]
fn an_address_is_named_however_it_is_asked_for() {
    if spared("addresses of one's own, through proxies") {
        return;
    }
    if !ready(&BED) || !ready(&[Need::Program("squid"), Need::Program("danted")]) {
        return;
    }
    for own in [OWN, IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let bed = TestBed::serving(&[], &["--plain", "80"]);
        bed.add_address(OWN);
        bed.add_address(OTHER);
        let (squid, dante) = (Proxy::squid(&bed), Proxy::dante(&bed));
        let agent = Agent::start(&Setup {
            catalogue: Some(own_catalogue(&bed, &own.to_string())),
            ..Setup::default()
        });
        let (http, socks) = (squid.url("http"), dante.url("socks5"));
        // By a tunnel also what is plain, so that no hello says anything.
        let ways = [
            (&["--proxy", ""][..], HTTP, None),
            (&["--proxy", &http], HTTP, Some(via("http", &squid, 1))),
            (
                &["--proxytunnel", "--proxy", &http],
                CONNECT,
                Some(via("http_connect", &squid, 1)),
            ),
            // SOCKS 5 by type 1 and 4.
            (&["--proxy", &socks], SOCKS, Some(via("socks5", &dante, 1))),
        ];
        let mut pids = Vec::new();
        for (manner, Evidence(evidence, _), via) in ways {
            let tool = named("curl").with(manner);
            let [host, elsewhere] = [own, OTHER].map(|address| match address {
                IpAddr::V4(address) => address.to_string(),
                IpAddr::V6(address) => format!("[{address}]"),
            });
            let run = bed.run(&tool, &Call::plain(&host, "/bytes/10"));
            let event = flow_of(&agent, |event| event.process.pid == run.process.pid()).open;
            assert_eq!(
                (event.name.as_str(), event.evidence.as_str()),
                (own.to_string().as_str(), evidence)
            );
            assert_eq!((event.vendor.as_str(), event.service.as_str()), ("Own", "Models"));
            assert_eq!(event.via, via);
            pids.push(
                bed.run(&tool, &Call::plain(&elsewhere, "/bytes/10"))
                    .process
                    .pid(),
            );
        }
        untold(agent, [], &pids);
    }
}

#[test]
fn an_ipv6_address_is_the_same_however_it_is_written_and_cut() {
    if spared("forms of addresses") {
        return;
    }
    if !ready(&BED) {
        return;
    }
    let bed = TestBed::serving(&[], &["--plain", "80"]);
    let agent = Agent::start(&Setup {
        catalogue: Some(own_catalogue(&bed, "2001:db8::5")),
        ..Setup::default()
    });
    let mut pids = Vec::new();
    for (host, is_own) in [
        ("[2001:db8::5]", true),
        ("[2001:DB8::5]:80", true),
        ("[2001:db8:0:0:0:0:0:5]", true),
        ("[2001:0db8:0000:0000:0000:0000:0000:0005]:80", true),
        ("[2001:db8::0:5]", true),
        ("[2001:db8::6]", false),
        ("[2001:db8:5]", false),
        ("[2001:db8::5::]", false),
        ("[2001:db8::5:0]", false),
        ("[12001:db8::5]", false),
        ("[::]", false),
        ("[2001:db8::5", false),
        ("2001:db8::5", false),
    ] {
        let request = format!("GET /bytes/10 HTTP/1.0\r\nHost: {host}\r\n\r\n");
        for pieces in [&[][..], &["--piece", "7"]] {
            let (pid, _) = bed.say("localhost", 80, request.as_bytes(), pieces);
            if is_own {
                let event = flow_of(&agent, |event| event.process.pid == pid).open;
                let found = (event.name.as_str(), event.evidence.as_str());
                assert_eq!(found, ("2001:db8::5", "http_host"), "{host} {pieces:?}");
            } else {
                pids.push(pid);
            }
        }
    }
    untold(agent, [], &pids);
}

/// What the resolver makes of [`HOST`], and its address (RFC 5737).
const COMPLETED: &str = "ollama.corp.example";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 17));

#[test]
fn a_host_that_the_resolver_completes_has_the_name_that_it_is_asked_by() {
    if spared("search domains") {
        return;
    }
    let plain = ["--silent", "--fail", "http://ollama/bytes/10"];
    let nameless = ["s_client", "-noservername", "-connect", "ollama:443"];
    // The server is told what the person wrote, and the DNS what the resolver made of it.
    for (own, told) in [
        (HOST, [Some((HOST, "http_host")), None]),
        (COMPLETED, [None, Some((COMPLETED, "dns"))]),
    ] {
        let Some(bed) = bed_without_names(&["--plain", "80"]) else {
            return;
        };
        bed.add_address(ADDRESS);
        let record = format!("--host-record={COMPLETED},{ADDRESS},60");
        let mut server = name_server::start(&mut bed.command("dnsmasq"), "127.0.0.1", &[&record]);
        let agent = Agent::start(&Setup {
            catalogue: Some(own_catalogue(&bed, own)),
            ..Setup::default()
        });
        let mut pids = Vec::new();
        for (mut command, told) in [("curl", &plain[..]), ("openssl", &nameless)]
            .map(|(program, arguments)| {
                let mut command = bed.command(program);
                command.args(arguments).stdin(Stdio::null());
                command
            })
            .into_iter()
            .zip(told)
        {
            // As `search` in `resolv.conf` (resolver(5)).
            let mut client = Process::start(command.env("LOCALDOMAIN", "corp.example"));
            client.succeed(Duration::from_secs(20));
            server.said(&format!("query[A] {COMPLETED}"), Duration::from_secs(5));
            match told {
                None => pids.push(client.pid()),
                Some(told) => {
                    let event = flow_of(&agent, |event| event.process.pid == client.pid()).open;
                    assert_eq!((event.name.as_str(), event.evidence.as_str()), told);
                }
            }
        }
        untold(agent, [], &pids);
    }
}
