//! Through a proxy the client is named for what it asked the proxy for, and a proxy on this host for whom it asks.

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::collector::Row;
use umbra_tests::event::Flow;
use umbra_tests::proxies::{CREDENTIALS, Proxy, SQUID_USER};
use umbra_tests::skip::{Need, spared};
use umbra_tests::truth::Bytes;
use umbra_tests::wait::eventually;
use umbra_tests::{Collector, TestBed};

use crate::expect::{CONNECT, HTTP, SOON, check_name, flow_of, untold};
use crate::names::{OPENAI, OUTSIDE, bed_serving};
use crate::through::{Through, asked, relayed, via};

const PROXIES: [Need; 3] = [
    Need::Program("squid"),
    Need::Program("tinyproxy"),
    Need::Program("danted"),
];
const PLAIN: [&str; 2] = ["--plain", "80"];
#[test]
fn a_refused_request_does_not_hide_the_one_that_follows() {
    if spared("a refused request") {
        return;
    }
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let squid = Proxy::squid_with_password(&bed);
    let agent = Agent::start(&Setup::default());
    let path = "/bytes/1000/password";
    let tool = named("curl").with(&[
        "--proxy",
        &squid.url("http"),
        "--proxy-user",
        CREDENTIALS,
        // Asks without, is told how (407), and asks again.
        "--proxy-anyauth",
    ]);
    let run = bed.run(&tool, &Call::to(OPENAI.name, path));
    assert!(squid.log().contains("TCP_DENIED/407"), "{}", squid.log());
    let flows = Through::new(&agent, &bed, &tool, &run, path).refused().flows();
    for flow in &flows {
        asked(flow, CONNECT, &tool, &run, &bed, &via("http_connect", &squid, 1));
    }
    let told = agent.process.stdout.text() + &agent.process.stderr.text();
    let password = CREDENTIALS.split(':').next_back().expect("a password");
    // It is in curl's arguments, as any user of the host can see, and nowhere else.
    assert_eq!(told.matches(password).count(), 2 * flows.len(), "{told}");
    assert!(agent.stop().success());
}

#[test]
fn proxies_one_behind_the_other_are_counted() {
    if spared("proxies behind proxies") {
        return;
    }
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let squid = Proxy::squid(&bed);
    let tinyproxy = Proxy::tinyproxy(&bed, Some(squid.address));
    let dante = Proxy::dante(&bed);
    let agent = Agent::start(&Setup::default());

    // The client knows one proxy, and that one asks another.
    let path = "/bytes/1000/behind";
    let tool = named("curl").with(&["--proxy", &tinyproxy.url("http")]);
    let run = bed.run(&tool, &Call::to(OPENAI.name, path));
    let flow = Through::new(&agent, &bed, &tool, &run, path).only();
    asked(
        &flow,
        CONNECT,
        &tool,
        &run,
        &bed,
        &via("http_connect", &tinyproxy, 1),
    );
    let middle = flow_of(&agent, |event| event.process.pid == tinyproxy.process.pid());
    check_name(&middle.open, CONNECT, &OPENAI);
    assert_eq!(middle.open.via, Some(via("http_connect", &squid, 1)));
    relayed(&agent, &bed, &squid, SQUID_USER, &middle);

    // The client asks one proxy for another.
    let path = "/bytes/1000/two";
    let tool = named("curl").with(&["--preproxy", &dante.url("socks5h"), "--proxy", &squid.url("http")]);
    let run = bed.run(&tool, &Call::to(OPENAI.name, path));
    let flow = Through::new(&agent, &bed, &tool, &run, path).only();
    asked(&flow, CONNECT, &tool, &run, &bed, &via("socks5", &dante, 2));
    assert!(agent.stop().success());
}

#[test]
fn a_proxy_on_this_host_counts_once() {
    if spared("counting once") {
        return;
    }
    let needs = [Need::Program("squid"), Need::Binary("umbra-collector")];
    let Some(bed) = bed_serving(&needs, &[]) else {
        return;
    };
    let squid = Proxy::squid(&bed);
    let data = tempfile::tempdir().expect("a temporary folder");
    let collector = Collector::start(data.path(), None);
    let agent = Agent::start(&Setup {
        collector: Some(collector.url()),
        ..Setup::default()
    });
    let tool = named("curl").with(&["--proxy", &squid.url("http")]);
    for turn in 0..3 {
        bed.run(&tool, &Call::to(OPENAI.name, &format!("/bytes/10000/{turn}")));
    }
    eventually(SOON, || {
        let asked = agent.flows(|event| event.via.is_some());
        let bytes: Bytes = asked.iter().filter_map(Flow::bytes).sum();
        let rows = collector.rows(OPENAI.name);
        let (flows, counted) = Row::sum(&rows);
        let once = rows.len() == 1 && (flows, counted) == (3, bytes);
        once.then_some(())
            .ok_or_else(|| format!("{rows:?}, and the client's flows carried {bytes:?}"))
    });
    assert_eq!(collector.rows(OPENAI.name)[0].program, tool.program);
    assert!(agent.stop().success());
    assert!(collector.stop().success());
}

#[test]
fn plain_requests_to_a_proxy_are_named() {
    let Some(bed) = bed_serving(&PROXIES, &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let proxies: [fn(&TestBed) -> Proxy; 2] = [Proxy::squid, |bed| Proxy::tinyproxy(bed, None)];
    for start in proxies {
        let proxy = start(&bed);
        let path = format!("/bytes/1000/{}", proxy.address.port());
        let call = Call {
            proxy: Some(("http", proxy.address)),
            ..Call::plain(OPENAI.name, &path)
        };
        let tool = named("curl");
        let run = bed.run(&tool, &call);
        let flow = Through::new(&agent, &bed, &tool, &run, &path).only();
        asked(&flow, HTTP, &tool, &run, &bed, &via("http", &proxy, 1));
        let relay = flow_of(&agent, |event| event.process.pid == proxy.process.pid());
        check_name(&relay.open, HTTP, &OPENAI);
        assert_eq!(relay.open.via, None);
        assert_eq!(relay.open.relays.as_ref(), Some(&flow.open.flow_id));
    }
    assert!(agent.stop().success());
}

#[test]
fn a_name_outside_the_catalogue_is_not_told_of_proxies() {
    if spared("names outside") {
        return;
    }
    let Some(bed) = bed_serving(&PROXIES, &PLAIN) else {
        return;
    };
    let (squid, dante) = (Proxy::squid(&bed), Proxy::dante(&bed));
    let agent = Agent::start(&Setup::default());
    let mut pids = vec![squid.process.pid()];
    let (_, name) = OUTSIDE[0];
    let calls = [Call::to(name, "/bytes/1000"), Call::plain(name, "/bytes/1000")];
    for (proxy, call) in [squid.url("http"), dante.url("socks5h")]
        .iter()
        .flat_map(|it| calls.map(|call| (it, call)))
    {
        let run = bed.run(&named("curl").with(&["--proxy", proxy]), &call);
        pids.push(run.process.pid());
    }
    untold(agent, [name], &pids);
}
