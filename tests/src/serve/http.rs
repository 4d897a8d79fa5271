//! As much HTTP as the clients need.
//!
//! | path | answer |
//! | --- | --- |
//! | `/bytes/N` | N bytes |
//! | `/slow/SECONDS/N` | N bytes every fifth of a second, for so many seconds |
//! | other | 404 |
//!
//! After an answer the client closes, not the server, so that the last byte that the server sent is one that the
//! client has read. To a request of HTTP/1.0 the server closes, as that version has it.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use super::wire::Wire;

const HEAD_MAX: usize = 64 * 1024;
const BEAT: Duration = Duration::from_millis(200);

/// What is kept of a connection's first request.
#[derive(Clone, Default)]
pub(super) struct First {
    pub(super) path: Option<String>,
    pub(super) host: Option<String>,
}

/// A request without its body.
struct Head {
    path: String,
    host: Option<String>,
    closes: bool,
    length: u64,
    expects: bool,
}

/// Answers requests until the client is gone; gives the first.
pub(super) fn converse(wire: &mut impl Wire) -> io::Result<Option<First>> {
    let mut first = None;
    while let Some(head) = read_head(wire)? {
        if head.expects {
            wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        io::copy(&mut Read::by_ref(wire).take(head.length), &mut io::sink())?;
        answer(wire, &head.path)?;
        first.get_or_insert(First {
            path: Some(head.path),
            host: head.host,
        });
        if head.closes {
            wire.finish()?;
            break;
        }
    }
    Ok(first)
}

/// `None` when the client closed between two requests.
fn read_head(wire: &mut impl Wire) -> io::Result<Option<Head>> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        match wire.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => text.push(byte[0]),
            // A client that exits without a last alert has also closed.
            Err(error) if text.is_empty() && gone(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        if text.len() > HEAD_MAX {
            return Err(io::Error::other("the request's head is too long"));
        }
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let mut request = lines.next().unwrap_or_default().split(' ');
    let path = request.nth(1).unwrap_or_default().to_owned();
    let closes = request.next() == Some("HTTP/1.0");
    let header = |wanted: &str| {
        lines.clone().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    Ok(Some(Head {
        path,
        host: header("host").map(str::to_owned),
        closes,
        length: header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0),
        expects: header("expect").is_some(),
    }))
}

fn answer(wire: &mut impl Wire, path: &str) -> io::Result<()> {
    let parts: Vec<_> = path.trim_start_matches('/').split(['/', '?']).collect();
    match parts[..] {
        ["bytes", count, ..] => {
            let count = number(count)?;
            start(wire, "200 OK", count)?;
            io::copy(&mut io::repeat(b'.').take(count), wire)?;
        }
        ["slow", seconds, count, ..] => {
            let (beats, count) = (number(seconds)? * 5, number(count)?);
            start(wire, "200 OK", beats * count)?;
            for _ in 0..beats {
                io::copy(&mut io::repeat(b'.').take(count), wire)?;
                wire.flush()?;
                thread::sleep(BEAT);
            }
        }
        _ => start(wire, "404 Not Found", 0)?,
    }
    wire.flush()
}

fn start(wire: &mut impl Wire, status: &str, length: u64) -> io::Result<()> {
    write!(
        wire,
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn number(text: &str) -> io::Result<u64> {
    text.parse()
        .map_err(|error| io::Error::other(format!("`{text}` in the path: {error}")))
}

fn gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
