//! How the name reaches the wire over TCP: in pieces, twice, early, without TLS, by the DNS alone.

use super::{calling, early, get};
use crate::clients::Call;
use crate::hello::Hello;
use crate::scorecard::stage::{AGAIN, ANTHROPIC, Known, MISTRAL, OPENAI, OUTSIDE};
use crate::scorecard::{Group, Scenario};

pub(super) fn all() -> Vec<Scenario> {
    let small = get("/bytes/1000");
    let usual = (OPENAI, small);
    let at = |port| (OPENAI, Call { port, ..small });
    let plain = (OPENAI, Call::plain(OPENAI.name, "/bytes/1000"));
    let mut all = vec![
        by(
            "ipv6",
            "over IPv6",
            CURL,
            (ANTHROPIC, Call::to(ANTHROPIC.name, "/bytes/1000")),
        ),
        by("other-port", "TLS on port 8443", CURL, at(8443)),
        by(
            "hello-bytes",
            "a hello of one byte a segment",
            ("rustls", &["--piece", "1"]),
            usual,
        ),
        by(
            "hello-slow",
            "a hello in segments that are 20 ms apart",
            ("rustls", &["--piece", "100", "--pause", "20"]),
            usual,
        ),
        by(
            "hello-records",
            "a hello in records of 32 bytes",
            ("rustls", &["--record", "32"]),
            usual,
        ),
        by(
            "hello-long",
            "a hello of 15 KB, in segments of 1,400 bytes",
            ("rustls", &["--longer", "15000", "--piece", "1400"]),
            usual,
        ),
        by(
            "hello-again",
            "a server that asks for a second hello",
            CURL,
            at(AGAIN),
        ),
        by("plain-http", "HTTP/1.1 without TLS", CURL, plain),
    ];
    all.push(early("early-data", "rustls"));
    all.push(Scenario::new(
        Group::Path,
        "plain-bytes",
        "a request without TLS, of one byte a segment",
        |stage| {
            let text = format!("GET /bytes/10 HTTP/1.0\r\nHost: {}\r\n\r\n", OPENAI.name);
            stage.say(OPENAI, 80, text.as_bytes(), &["--piece", "1"])
        },
    ));
    all.push(asked(
        "no-sni",
        "a hello without a name, after a question to the DNS",
        Hello::default(),
    ));
    let fronted = Hello {
        name: Some(OUTSIDE[0]),
        encrypted: true,
        ..Hello::default()
    };
    all.push(asked(
        "ech",
        "an encrypted hello behind a front, after a question to the DNS",
        fronted,
    ));
    all
}

const CURL: (&str, &[&str]) = ("curl", &[]);

fn by(
    id: &str,
    what: &str,
    client: (&'static str, &'static [&'static str]),
    call: (Known, Call<'static>),
) -> Scenario {
    calling(Group::Path, id, what, client, call)
}

/// A hello to a name that only the DNS tells.
fn asked(id: &str, what: &str, hello: Hello<'static>) -> Scenario {
    Scenario::new(Group::Path, id, what, move |stage| {
        let _server = stage.answering(MISTRAL)?;
        stage.say(MISTRAL, 443, &hello.records(usize::MAX), &[])
    })
}
