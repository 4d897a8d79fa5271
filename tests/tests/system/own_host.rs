//! A host of the user's own catalogue that has one label, `ollama`, is named however it is asked for.

use std::net::{IpAddr, Ipv4Addr};

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::proxies::Proxy;
use umbra_tests::skip::{Need, ready, spared};

use crate::expect::{CONNECT, Evidence, HTTP, SOCKS, TLS, flow_of, untold};
use crate::names::{BED, own_catalogue};
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
