//! Content never leaves the kernel: whatever a request's head is cut into, the bytes behind it are nowhere in the
//! agent's memory, nor in what it shares with the kernel.

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::machine::is_slow;
use umbra_tests::memory::words;

use crate::expect::{CONNECT, check_name, flow_of};
use crate::names::{OPENAI, OUTSIDE, bed_serving, own_catalogue};

const PLAIN: [&str; 2] = ["--plain", "80"];
/// A host of the user's own catalogue.
const OWN: &str = "llm.corp.example";
/// What stands in content, in a head that goes up, and in one that need not. All are as long.
const CONTENT: &str = "xyzzy-content";
const HEAD: &str = "xyzzy-to-read";
const WHOLE: &str = "xyzzy-is-read";
const PREFIX: &str = "xyzzy-";
/// Bytes of content.
const SIZES: [usize; 3] = [20, 1_500, 40_000];

#[test]
fn what_follows_a_head_is_not_in_the_agents_memory() {
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup {
        catalogue: Some(own_catalogue(&bed, OWN)),
        ..Setup::default()
    });
    let said = Said {
        bed: &bed,
        agent: &agent,
    };
    // Whole in a packet, with the host at once: nothing goes up.
    let whole = head(OWN, WHOLE, 150, "\r\n");
    for size in SIZES {
        said.named(&[&whole, &content(size)], usize::MAX);
    }
    assert_eq!(said.held(), [""; 0]);

    // Where the processor is emulated, what other kernels could do otherwise: go over to the program that follows heads.
    let (lines, lengths, sizes) = if is_slow() {
        (&["\r\n"][..], 400..=400, &SIZES[1..2])
    } else {
        (&["\r\n", "\n"][..], 395..=405, &SIZES[..])
    };
    for &line in lines {
        // In two pieces, the second of which holds the host and ends just before or behind the head.
        for length in lengths.clone() {
            said.named(&[&head(OWN, HEAD, length, line), &content(600)], 200);
        }
        for piece in [1, 7] {
            said.named(&[&head(OWN, HEAD, 150, line), &content(200)], piece);
        }
    }
    // Too long to be read in the kernel.
    let long = head(OWN, HEAD, 9_000, "\r\n");
    for &size in sizes {
        for piece in [usize::MAX, 1_448, 700] {
            said.named(&[&long, &content(size)], piece);
        }
    }
    // A further request, with a head and content of its own.
    said.named(&[&long, &content(20), &long, &content(20)], usize::MAX);
    // In a tunnel, and to a proxy.
    let tunnel = b"CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7\r\n\r\n";
    let short = head(OWN, HEAD, 150, "\r\n");
    let proxied = format!("POST http://{OWN}/ HTTP/1.1\r\nCookie: {HEAD}\r\n\r\n");
    for piece in [tunnel.len() + 10, 20, 7] {
        said.named(&[tunnel, &short[..], &content(1_500)], piece);
        said.named(&[proxied.as_bytes(), &content(1_500)], piece);
    }
    // Outside the catalogue, without a name at all, and behind one that is known already.
    let outside = head(OUTSIDE[0].1, HEAD, 9_000, "\r\n");
    said.unnamed(&[&outside, &content(1_500)], usize::MAX);
    said.unnamed(&[&outside, &content(1_500)], 700);
    let login = format!("a1 LOGIN {CONTENT} {CONTENT}\r\n\r\n");
    for piece in [usize::MAX, 7] {
        said.unnamed(&[tunnel, login.as_bytes()], piece);
    }
    let known = format!("CONNECT {}:443 HTTP/1.1\r\n\r\n", OPENAI.name);
    let pid = said.say(&[known.as_bytes(), login.as_bytes()], 7);
    let flow = flow_of(&agent, |event| event.process.pid == pid);
    check_name(&flow.open, CONNECT, &OPENAI);

    // Heads do go up, so that what was looked for would have been found.
    let held = said.held();
    assert!(held.iter().any(|word| word == HEAD), "{held:?}");
    // A part of a word may lie at the end of a piece.
    let is_other = |word: &String| {
        [CONTENT, WHOLE]
            .iter()
            .any(|other| word.starts_with(&other[..=PREFIX.len()]))
    };
    assert!(!held.iter().any(is_other), "{held:?}");
    assert!(agent.stop().success());
}

/// Says things to a server, and looks at what the agent has of them.
struct Said<'a> {
    bed: &'a TestBed,
    agent: &'a Agent,
}

impl Said<'_> {
    /// Says `text`, `piece` bytes at a time, which the agent has to name.
    fn named(&self, text: &[&[u8]], piece: usize) {
        let pid = self.say(text, piece);
        let event = flow_of(self.agent, |event| event.process.pid == pid).open;
        assert_eq!((event.name.as_str(), event.evidence.as_str()), (OWN, "http_host"));
    }

    /// Says `text`, which it has not.
    fn unnamed(&self, text: &[&[u8]], piece: usize) {
        let pid = self.say(text, piece);
        assert!(self.agent.flows(|event| event.process.pid == pid).is_empty());
    }

    fn say(&self, text: &[&[u8]], piece: usize) -> u32 {
        let text = text.concat();
        let piece = piece.min(text.len()).to_string();
        self.bed.say("localhost", 80, &text, &["--piece", &piece]).0
    }

    fn held(&self) -> Vec<String> {
        let words = words(self.agent.process.pid(), PREFIX, CONTENT.len());
        words.into_iter().collect()
    }
}

/// A head of `length` bytes with the host towards its end, and lines that end as told.
fn head(host: &str, word: &str, length: usize, line: &str) -> Vec<u8> {
    let begin = format!("POST /v1 HTTP/1.1{line}X-Filler: ");
    let end = format!("{line}Host: {host}{line}Cookie: {word}{line}{line}");
    let filler = "x".repeat(length - begin.len() - end.len());
    [begin, filler, end].concat().into_bytes()
}

/// At least so many bytes, at whose end the server answers whatever it made of them.
fn content(size: usize) -> Vec<u8> {
    let mut content = CONTENT.repeat(size.div_ceil(CONTENT.len())).into_bytes();
    content.extend(b"\r\n\r\n");
    content
}
