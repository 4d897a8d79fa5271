//! Of QUIC only Initials leave the kernel, and the first few of a connection alone.

use std::net::{Ipv4Addr, UdpSocket};

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::fetch::initial;
use umbra_tests::skip::spared;

use crate::names::{OPENAI, bed};

/// Datagrams of a connection that go up at most.
const MOST: u32 = 12;
/// The agent may decide before all of them are out, when this test is held up for longer than it rests (20 ms).
const ATTEMPTS: usize = 20;
/// To a SOCKS proxy, for 192.0.2.7.
const HEADER: &[u8] = b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb";

#[test]
fn no_more_than_the_first_initials_of_a_connection_leave_the_kernel() {
    // The bound does not depend on the kernel, and the burst is slow there.
    if spared("how much of QUIC goes up") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let mut initial = initial(OPENAI.name, &bed.authority()).unwrap_or_else(|why| panic!("{why}"));
    // Nobody can open it, so that more of them are wanted.
    *initial.last_mut().expect("a datagram") ^= 1;
    let other = |first: u8| [&[first], &initial[1..]].concat();
    let others = [
        // Of the kinds 0-RTT, Handshake and Retry, and what follows the handshake.
        other(0xd0),
        other(0xe0),
        other(0xf0),
        other(0x40),
        // Too short, and of a version that nobody knows.
        initial[..1199].to_vec(),
        [&initial[..1], b"Q046", &initial[5..]].concat(),
    ];
    let agent = Agent::start(&Setup::default());
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = server.local_addr().expect("it is bound");
    for header in [&b""[..], HEADER] {
        let send = |socket: &UdpSocket, datagram: &[u8]| {
            let datagram = [header, datagram].concat();
            socket.send_to(&datagram, address).expect("the loopback takes it");
        };
        let went_up = |socket: &UdpSocket, datagrams: &[&Vec<u8>]| {
            let before = sent(&agent);
            for _ in 0..100 {
                for datagram in datagrams {
                    send(socket, datagram);
                }
            }
            sent(&agent) - before
        };
        let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let all_others: Vec<_> = others.iter().collect();
        assert_eq!(went_up(&socket(), &all_others), 0, "what is no Initial");

        let all: Vec<_> = std::iter::once(&initial).chain(&others).collect();
        let attempts = (0..ATTEMPTS).map(|_| {
            let socket = socket();
            let count = went_up(&socket, &all);
            assert!((1..=MOST).contains(&count), "{count} went up");
            assert_eq!(went_up(&socket, &all), 0, "what follows them");
            count
        });
        assert_eq!(attempts.max(), Some(MOST), "more are wanted than go up");
    }
    assert!(agent.stop().success());
}

/// Pieces that went up until now, on the whole host: nothing else on it speaks.
fn sent(agent: &Agent) -> u32 {
    let count = agent
        .metrics()
        .get("umbra_agent_kernel_total{counter=\"pieces_sent\"}");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of a few hundred"
    )]
    let count = count as u32;
    count
}
