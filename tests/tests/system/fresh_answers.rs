//! A flow that says no name at once after an answer which only the agent can read has the name of that answer.

use std::net::Ipv4Addr;
use std::time::Duration;

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::name_server::{hinting, start};
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, ready, spared};

use crate::expect::{DNS, check_name, flow_of, untold};
use crate::names::{ANTHROPIC, KNOWN, OPENAI, bed_without_names};

const EARLIER_NAME: &str = KNOWN[2].name;
/// For documentation (RFC 5737); the test's namespace has them on its loopback.
const EARLIER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 16);
const BY_STREAM: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 17);
const BY_HINT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 18);
const OTHER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 19);

/// Asks for a name, so that the agent reads that answer and then rests; asks for another by TCP, or for its services
/// (`HTTPS`), and connects in the same moment with TLS that says no name.
const CLIENT: &str = "
import socket, ssl, struct, sys, time
earlier, name, kind, address = sys.argv[1:]
context = ssl._create_unverified_context()
server = ('127.0.0.1', 53)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.connect(server)

def question(name, kind):
    labels = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.'))
    return struct.pack('!6H', 7, 0x100, 1, 0, 0, 0) + labels + struct.pack('!BHH', 0, kind, 1)

datagrams.send(question(earlier, 1))
datagrams.recv(4096)
time.sleep(0.005)
if kind == 'stream':
    asked = question(name, 1)
    # Not before: dnsmasq serves nobody else meanwhile.
    stream = socket.create_connection(server)
    stream.sendall(struct.pack('!H', len(asked)) + asked)
    stream.recv(4096)
else:
    datagrams.send(question(name, 65))
    datagrams.recv(4096)
context.wrap_socket(socket.create_connection((address, 443))).close()
";

#[test]
fn a_flow_right_behind_its_answer_is_named() {
    if !ready(&[Need::Program("python3")]) || spared("fresh answers") {
        return;
    }
    let Some(bed) = bed_without_names(&[]) else { return };
    for address in [BY_STREAM, BY_HINT, OTHER] {
        bed.add_address(address.into());
    }
    let records = [
        format!("--host-record={EARLIER_NAME},{EARLIER},60"),
        format!("--host-record={},{BY_STREAM},60", OPENAI.name),
        hinting(ANTHROPIC.name, BY_HINT),
    ];
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    let _server = start(&mut bed.command("dnsmasq"), "127.0.0.1", &records);
    let agent = Agent::start(&Setup::default());
    let call = |name: &str, by: &str, address: Ipv4Addr| {
        let mut client = bed.command("python3");
        client.args(["-c", CLIENT, EARLIER_NAME, name, by, &address.to_string()]);
        let mut client = Process::start(&mut client);
        client.succeed(Duration::from_secs(20));
        client.pid()
    };
    for (known, by, address) in [(&OPENAI, "stream", BY_STREAM), (&ANTHROPIC, "hint", BY_HINT)] {
        let pid = call(known.name, by, address);
        check_name(
            &flow_of(&agent, |event| event.process.pid == pid).open,
            DNS,
            known,
        );
    }
    // What goes elsewhere in the same moment stays unknown.
    let elsewhere = [
        call(OPENAI.name, "stream", OTHER),
        call(ANTHROPIC.name, "hint", OTHER),
    ];
    untold(agent, [], &elsewhere);
}
