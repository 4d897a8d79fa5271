mod damage;
mod dns;
mod forms;
mod made;
mod order;
mod proxies;
mod quic;
mod requests;

use std::io::Read;

use serde_json::Value;

use super::{Damage, print_flows};

const NAME: &str = "api.openai.com";

/// What `inspect` prints of a file, line by line, and what is wrong with it.
fn inspect(file: &[u8]) -> (Vec<Value>, Option<Damage>) {
    inspect_from(file)
}

fn inspect_from(source: impl Read) -> (Vec<Value>, Option<Damage>) {
    let mut out = Vec::new();
    let damage = print_flows(source, &mut out).unwrap();
    let lines = out.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let lines = lines.map(|line| serde_json::from_slice(line).unwrap());
    (lines.collect(), damage)
}

/// The lines of a capture of `packets`, without anything wrong.
fn lines(packets: &[Vec<u8>]) -> Vec<Value> {
    let (lines, damage) = inspect(&made::pcap(made::RAW, packets));
    assert_eq!(damage, None);
    lines
}

fn line(flow: &str, name: Option<&str>, complete: bool) -> Value {
    serde_json::json!({
        "flow": flow,
        "protocol": "tcp",
        "name": name,
        "evidence": name.map(|_| "tls_sni"),
        "ech": false,
        "complete": complete,
    })
}

/// A line with another value of `field`.
fn with(line: &Value, field: &str, value: impl Into<Value>) -> Value {
    let mut line = line.clone();
    line[field] = value.into();
    line
}

/// The client's flow, whose hello was seen whole.
fn named() -> Value {
    line("10.0.0.1:40000>10.0.0.2:443", Some(NAME), true)
}
