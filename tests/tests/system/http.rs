//! Without TLS the name is that of `Host`, in whatever pieces the request comes.

use std::net::{IpAddr, Ipv4Addr};

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{CLIENTS, Call, named};
use umbra_tests::skip::{skip, spared};

use crate::expect::{HTTP, agreement, check_by, check_name, flow_of, is_of, untold};
use crate::names::{ANTHROPIC, Known, OPENAI, OUTSIDE, bed_serving, outside, own_catalogue};

const PLAIN: [&str; 2] = ["--plain", "80"];
/// For documentation (RFC 5737); the test's namespace has them on its loopback.
const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 17));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 18));
const CLIENTS_WITHOUT_TLS: [&str; 2] = ["curl", "wget"];

#[test]
fn plain_requests_are_named_by_their_host() {
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    for client in CLIENTS.iter().filter(|it| CLIENTS_WITHOUT_TLS.contains(&it.name)) {
        let tool = match client.tool() {
            Ok(tool) => tool,
            Err(why) => {
                skip(&format!("{}: {why}", client.name));
                continue;
            }
        };
        for known in [&OPENAI, &ANTHROPIC] {
            let path = format!("/bytes/20000/{}", client.name);
            let run = bed.run(&tool, &Call::plain(known.name, &path));
            let flows = agreement(
                &agent,
                &bed,
                |event| is_of(event, &tool, &run, &bed),
                |truth| truth.host.as_deref() == Some(known.name) && truth.path.as_ref() == Some(&path),
            );
            assert_eq!(flows.len(), 1, "{flows:?}");
            check_by(
                &flows[0],
                HTTP,
                &Known { port: 80, ..*known },
                &tool,
                &run,
                &bed,
                0,
            );
        }
    }
    assert!(agent.stop().success());
}

#[test]
fn a_request_in_pieces_is_named() {
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let long = format!(
        "POST /bytes/10 HTTP/1.0\r\nx-long: {}\r\nHost: {}\r\n\r\n",
        "x".repeat(9_000),
        OPENAI.name
    );
    let short = format!("GET /bytes/10 HTTP/1.0\r\nHOST:{}:80\r\n\r\n", OPENAI.name);
    for (text, pieces) in [
        (&short, &["--piece", "1"][..]),
        (&short, &["--piece", "1", "--pause", "1"]),
        (&short, &["--piece", "30", "--pause", "20"]),
        (&long, &[]),
        (&long, &["--piece", "1448"]),
        (&long, &["--piece", "100"]),
    ] {
        let (pid, truth) = bed.say(OPENAI.name, 80, text.as_bytes(), pieces);
        assert!(truth.host.is_some_and(|host| host.starts_with(OPENAI.name)));
        let flow = flow_of(&agent, |event| event.process.pid == pid);
        check_name(&flow.open, HTTP, &OPENAI);
        let bytes = flow.bytes().expect("it is closed");
        assert_eq!(
            (bytes.out, bytes.r#in),
            (truth.received, truth.sent),
            "{pieces:?}"
        );
    }
    assert!(agent.stop().success());
}

/// A reset goes out after the kernel has told the close.
#[test]
fn a_flow_that_ends_in_a_reset_counts_what_was_said() {
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let request = format!("GET /slow/60/1000 HTTP/1.0\r\nHost: {}\r\n\r\n", OPENAI.name);
    let (pid, truth) = bed.say(OPENAI.name, 80, request.as_bytes(), &["--leave"]);
    let flow = flow_of(&agent, |event| event.process.pid == pid);
    let bytes = flow.bytes().expect("it is closed");
    assert_eq!(
        (bytes.out, truth.received),
        (request.len() as u64, request.len() as u64)
    );
    assert!(bytes.r#in <= truth.sent, "{bytes:?}, {truth:?}");
    assert!(agent.stop().success());
}

#[test]
fn an_address_of_the_user_s_own_catalogue_is_a_name() {
    if spared("addresses of one's own") {
        return;
    }
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let [own, other] = [OWN, OTHER].map(|address| {
        bed.add_address(address);
        address.to_string()
    });
    let agent = Agent::start(&Setup {
        catalogue: Some(own_catalogue(&bed, &own)),
        ..Setup::default()
    });
    let curl = named("curl");
    let whole = bed.run(&curl, &Call::plain(&own, "/bytes/1000"));
    let request = format!("GET /bytes/10 HTTP/1.0\r\nHost: {own}:80\r\n\r\n");
    let (in_pieces, _) = bed.say(&own, 80, request.as_bytes(), &["--piece", "7"]);
    for pid in [whole.process.pid(), in_pieces] {
        let event = flow_of(&agent, |event| event.process.pid == pid).open;
        assert_eq!(
            (event.name.as_str(), event.evidence.as_str(), event.dst.ip),
            (own.as_str(), "http_host", OWN)
        );
        assert_eq!((event.vendor.as_str(), event.service.as_str()), ("Own", "Models"));
    }
    let run = bed.run(&curl, &Call::plain(&other, "/bytes/1000"));
    untold(agent, [], &[run.process.pid()]);
}

#[test]
fn what_only_looks_like_a_name_is_none() {
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let mut pids = Vec::new();
    for text in [
        format!("GET /bytes/10 HTTP/1.0\r\nHost: {}\r\n\r\n", OUTSIDE[0].1),
        // In a path, in another header, in the body.
        format!(
            "GET /bytes/10/{0} HTTP/1.0\r\nx-host: {0}\r\nHost: {1}\r\n\r\n",
            OPENAI.name, OUTSIDE[0].1
        ),
        format!(
            "POST /bytes/10 HTTP/1.0\r\nHost: {}\r\n\r\nHost: {}\r\n\r\n",
            OUTSIDE[0].1, OPENAI.name
        ),
    ] {
        pids.push(bed.say(OPENAI.name, 80, text.as_bytes(), &[]).0);
        pids.push(bed.say(OPENAI.name, 80, text.as_bytes(), &["--piece", "7"]).0);
    }
    let run = bed.run(&named("curl"), &Call::plain(OUTSIDE[1].1, "/bytes/10"));
    pids.push(run.process.pid());
    untold(agent, outside(), &pids);
}
