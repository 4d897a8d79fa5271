//! What the docs list as not seen, or seen wrongly: scored as all the rest.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::lifetimes::{older, signal};
use super::proxies::asked;
use super::{get, tool};
use crate::clients::{Call, h2c, odd_socket, tls_proxy};
use crate::hello::Hello;
use crate::machine::program;
use crate::process::Process;
use crate::proxies::Proxy;
use crate::scorecard::caused::{Caller, Span};
use crate::scorecard::scenario::Missing;
use crate::scorecard::stage::{GEMINI, OPENAI, OUTSIDE, SUBMISSION, direct};
use crate::scorecard::{Caused, Group, Scenario, Stage};
use crate::serve::CONNECTIONS;
use crate::wait::eventually;

const PATH: &str = "/bytes/1000";
/// Bytes of a TLS handshake, and of the records around what is in it.
const TLS_AROUND: u64 = 8_000;

pub(super) fn all() -> Vec<Scenario> {
    vec![
        spot(
            "starttls",
            "TLS that begins in the middle of SMTP",
            "a hello later in a connection is not read",
            starttls,
        ),
        spot(
            "proxy-header",
            "a PROXY header in front of the hello",
            "a hello later in a connection is not read",
            |stage| {
                let header = format!("PROXY TCP4 {0} {0} 4000 443\r\n", Ipv4Addr::LOCALHOST);
                let hello = named_hello().records(usize::MAX);
                stage.say(OPENAI, 443, &[header.as_bytes(), &hello].concat(), &[])
            },
        ),
        spot(
            "user-in-target",
            "a plain request for http://user@name/, without Host",
            "such a target is not read",
            |stage| {
                let text = format!("GET http://user@{}{PATH} HTTP/1.0\r\n\r\n", OPENAI.name);
                stage.say(OPENAI, 80, text.as_bytes(), &[])
            },
        ),
        spot(
            "h2c",
            "HTTP/2 without TLS",
            "its names are compressed: not read",
            cleartext_http2,
        ),
        spot(
            "second-name",
            "a second name on a kept-alive connection to a proxy",
            "the first request names the flow",
            second_name,
        ),
        spot(
            "tls-proxy",
            "a proxy that is itself reached by TLS",
            "the flow's name is the proxy's",
            through_tls,
        ),
        spot(
            "ech-unasked",
            "an encrypted hello behind a front, and no answer of the DNS",
            "the name cannot be known",
            |stage| hello(stage, Some(OUTSIDE[0]), true),
        ),
        spot(
            "address-only",
            "a hello without a name to an address that nobody asked for",
            "there is no name to be read",
            |stage| hello(stage, None, false),
        ),
        spot(
            "fronting",
            "a front's name in the hello, another one inside",
            "what is inside of TLS is not read",
            fronting,
        ),
        spot(
            "half-hello",
            "the hello is half said when the observer starts",
            "its first piece is not seen",
            |stage| {
                let tool = odd_socket("half")?.with(&[&signal(stage)]);
                older(stage, &tool, "ready")
            },
        )
        .before_the_observer(),
        spot(
            "began-before",
            "a flow that is under way when the observer starts",
            "its hello is not seen",
            began_before,
        )
        .before_the_observer(),
    ]
}

fn spot(
    id: &str,
    what: &str,
    why: &'static str,
    play: impl Fn(&mut Stage<'_>) -> Result<Vec<Caused>, Missing> + 'static,
) -> Scenario {
    Scenario::new(Group::BlindSpot, id, what, play).short(why)
}

fn starttls(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let tool = tool("openssl")?.with(&["-starttls", "smtp"]);
    Ok(stage.call(
        &tool,
        OPENAI,
        &Call {
            port: SUBMISSION,
            ..get(PATH)
        },
    ))
}

fn cleartext_http2(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let port = 8080;
    let connections = stage.bed.dir().join(CONNECTIONS);
    let mut serve = stage.bed.command("node");
    let script = h2c("")?.script.unwrap_or_default();
    serve
        .arg(script)
        .args(["serve", &port.to_string()])
        .arg(connections);
    let mut server = Process::start(&mut serve);
    server.said("serving", Duration::from_secs(20));
    let tool = h2c("get {url}")?;
    stage.bed.run(
        &tool,
        &Call {
            port,
            ..Call::plain(OPENAI.name, PATH)
        },
    );
    let truth = stage.counted(1, |it| {
        it.host.as_deref() == Some(&format!("{}:{port}", OPENAI.name))
    });
    Ok(truth
        .iter()
        .map(|it| direct(OPENAI, it, &Caller::of(&tool)))
        .collect())
}

/// One connection of the client; the proxy makes two.
fn second_name(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    program("squid")?;
    let proxy = Proxy::squid(&stage.bed);
    let second = format!("http://{}{PATH}", OPENAI.name);
    // It fetches the second address over the connection that it still has.
    let tool = tool("curl")?.with(&["--proxy", &proxy.url("http"), "--output", "/dev/null", &second]);
    stage.bed.run(&tool, &Call::plain(GEMINI.name, PATH));
    let truth = stage.counted(2, |it| it.path.as_deref() == Some(PATH));
    let second = truth.iter().filter(|it| it.host.as_deref() == Some(OPENAI.name));
    Ok(second.map(|it| asked(it, &proxy, &Caller::of(&tool))).collect())
}

fn through_tls(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let name = OUTSIDE[1];
    let (python, script) = tls_proxy()?;
    let file = |kind: &str| stage.bed.dir().join(format!("{name}.{kind}"));
    let mut serve = stage.bed.command(python);
    serve.arg(script).arg("3129").arg(file("pem")).arg(file("key"));
    let mut proxy = Process::start(&mut serve);
    proxy.said("serving", Duration::from_secs(20));
    let authority = stage.bed.authority();
    let tool = tool("curl")?.with(&[
        "--proxy",
        &format!("https://{name}:3129"),
        "--resolve",
        &format!("{name}:3129:127.0.0.1"),
        "--proxy-cacert",
        &authority.to_string_lossy(),
    ]);
    stage.bed.run(&tool, &get(PATH));
    let truth = stage.counted(1, |it| it.path.as_deref() == Some(PATH));
    let caused = |it| Caused {
        to: SocketAddr::from((Ipv4Addr::LOCALHOST, 3129)),
        bytes: Span::of(it).and_up_to(TLS_AROUND),
        ..direct(OPENAI, it, &Caller::of(&tool))
    };
    Ok(truth.iter().map(caused).collect())
}

/// By hand, since what would be encrypted is known to nobody.
fn hello(stage: &mut Stage<'_>, name: Option<&str>, encrypted: bool) -> Result<Vec<Caused>, Missing> {
    let hello = Hello {
        name,
        encrypted,
        ..Hello::default()
    };
    stage.say(OPENAI, 443, &hello.records(usize::MAX), &[])
}

fn named_hello() -> Hello<'static> {
    Hello {
        name: Some(OPENAI.name),
        ..Hello::default()
    }
}

fn fronting(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let tool = tool("curl")?.with(&["--header", &format!("Host: {}", OPENAI.name)]);
    stage.bed.run(&tool, &Call::to(OUTSIDE[0], PATH));
    let truth = stage.counted(1, |it| it.host.as_deref() == Some(OPENAI.name));
    Ok(truth
        .iter()
        .map(|it| direct(OPENAI, it, &Caller::of(&tool)))
        .collect())
}

fn began_before(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    // Longer than any observer takes to start.
    let call = get("/slow/4/1000");
    let begun = stage.bed.dir().join("begun");
    // Of two outputs the last counts.
    let tool = tool("wget")?.with(&[&format!("--output-document={}", begun.display())]);
    let mut run = stage.bed.start(&tool, &call);
    eventually(Duration::from_secs(10), || match fs::metadata(&begun) {
        Ok(file) if file.len() > 0 => Ok(()),
        _ => Err("the server's answer does not begin".to_owned()),
    });
    stage.watch();
    let ended = run.process.ended();
    assert!(
        ended.is_none(),
        "the observer took longer to start than the flow lasted"
    );
    run.succeed();
    Ok(stage.called(&tool, OPENAI, &call))
}
