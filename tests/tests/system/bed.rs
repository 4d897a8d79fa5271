//! The test bed by itself: every client of the table reaches the server, which counts what it must.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::clients::{CLIENTS, Call};
use umbra_tests::machine::is_slow;
use umbra_tests::skip::{Need, ready, skip};
use umbra_tests::wait::eventually;

#[test]
fn every_client_reaches_the_server() {
    if !ready(&[Need::Root, Need::Binary("umbra-testbed")]) {
        return;
    }
    if is_slow() {
        println!("the bed was tried outside, where the processor is not emulated");
        return;
    }
    let bed = TestBed::new(&[
        (Ipv4Addr::LOCALHOST.into(), "four.example"),
        (IpAddr::from(Ipv6Addr::LOCALHOST), "six.example"),
    ]);
    for client in &CLIENTS {
        let tool = match client.tool() {
            Ok(tool) => tool,
            Err(why) => {
                skip(&format!("{}: {why}", client.name));
                continue;
            }
        };
        for (name, port) in [("four.example", 443), ("six.example", 8443)] {
            let path = format!("/bytes/50000/{}", client.name);
            let run = bed.run(
                &tool,
                &Call {
                    port,
                    ..Call::to(name, &path)
                },
            );
            let elapsed = run.started.elapsed();
            let truth = eventually(Duration::from_secs(5), || {
                let all = bed.connections_to(name);
                let found = all.into_iter().find(|truth| truth.path.as_ref() == Some(&path));
                found.ok_or_else(|| format!("{}: the server saw no request for {path}", client.name))
            });
            assert_eq!(truth.error, None, "{}", client.name);
            assert_eq!(truth.local.port(), port);
            assert_eq!(truth.local.is_ipv6(), name == "six.example");
            assert!(
                truth.sent > 50_000 && truth.sent < 60_000,
                "{}: {truth:?}",
                client.name
            );
            println!(
                "{:<11} {:>6} out {:>6} in {elapsed:?}",
                client.name, truth.received, truth.sent
            );
        }
    }
}
