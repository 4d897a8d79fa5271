//! Whose a flow is, when its socket has a history: docs/OWNERSHIP.md, case by case.

use std::fs;
use std::path::Path;
use std::time::Duration;

use umbra_tests::fetch::initial;
use umbra_tests::machine::output;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip};

use crate::expect::{QUIC, check_name, flow_of};
use crate::names::OPENAI;
use crate::stage::{Expected, OTHER_USER, Stage};

#[test]
fn who_connects_owns_a_socket_that_others_use() {
    let Some(stage) = Stage::new(&[]) else { return };
    for manner in ["fork", "pass", "activate", "exec", "user-after", "threads"] {
        stage.owned_by_the_started(manner, &stage.run(manner, &[]));
    }
    stage.end();
}

#[test]
fn who_connects_owns_a_socket_that_others_made() {
    let Some(stage) = Stage::new(&[]) else { return };

    let done = stage.run("pass-unconnected", &[]);
    let flow = flow_of(&stage.agent, |event| event.process.pid == done.said["receiver"]);
    let args = &flow.open.process.args.as_ref().expect("known")[..2];
    assert_eq!(args, ["receiver", "receive-unconnected"]);
    assert_eq!(flow.open.process.ppid, Some(done.pid));
    assert!(
        stage
            .agent
            .flows(|event| event.process.pid == done.pid)
            .is_empty()
    );

    let done = stage.run("user-before", &[]);
    let args = stage.own_args("user-before", &[]);
    let expected = Expected {
        uid: OTHER_USER,
        ..stage.by(done.pid, args)
    };
    stage.check(&done, &expected);
    stage.end();
}

#[test]
fn who_sends_the_first_datagram_owns_a_connection_of_quic() {
    let Some(stage) = Stage::serving(&[], &["--quic", "443"]) else {
        return;
    };
    let initial = initial(OPENAI.name, &stage.bed.authority()).unwrap_or_else(|why| panic!("{why}"));
    let owner = stage.owner.saying(&stage.bed, &initial);
    // Who made and connected the socket sends nothing, or sends first and then passes the socket on.
    for (manner, owned_by_receiver, datagrams) in
        [("datagram-pass", true, 1), ("datagram-pass-later", false, 2)]
    {
        let done = owner.run(&stage.bed, &[], manner, OPENAI.port, &[]);
        let receiver = done.said["receiver"];
        let flow = flow_of(&stage.agent, |event| {
            event.process.pid == done.pid || event.process.pid == receiver
        });
        check_name(&flow.open, QUIC, &OPENAI);
        let expected = if owned_by_receiver { receiver } else { done.pid };
        assert_eq!(flow.open.process.pid, expected, "{manner}: {flow:?}");
        let bytes = flow.bytes().expect("it is closed");
        assert_eq!(bytes.out, datagrams * owner.length, "{manner}: {flow:?}");
    }
    stage.end();
}

#[test]
fn a_ring_is_its_process() {
    let Some(stage) = Stage::new(&[]) else { return };
    if fs::read_to_string("/proc/sys/kernel/io_uring_disabled").is_ok_and(|text| text.trim() == "2") {
        return skip("io_uring is switched off (kernel.io_uring_disabled)");
    }
    // Sent by the process, by a worker thread of the kernel's, and by a thread of the kernel's that polls.
    for manner in ["ring", "ring-worker", "ring-poller"] {
        stage.owned_by_the_started(manner, &stage.run(manner, &[]));
    }
    stage.end();
}

#[test]
fn a_hello_on_the_syn_is_its_senders() {
    let Some(stage) = Stage::new(&[]) else { return };
    // Client and server, both without a cookie (`net.ipv4.tcp_fastopen`, ip-sysctl.rst).
    let sysctl = "echo 0x207 > /proc/sys/net/ipv4/tcp_fastopen";
    output(stage.bed.command("sh").args(["-c", sysctl])).unwrap_or_else(|why| panic!("{why}"));
    let _server = serve(&stage, "serve-fast");
    for manner in ["fast", "fast-connect"] {
        let before = stage.statistic("TcpExt:", "TCPFastOpenActive");
        let done = stage.owner.run(&stage.bed, &[], manner, SERVED, &[]);
        let exe = stage.owner.exe.to_string_lossy();
        let expected = stage.by(done.pid, stage.owner.args(&exe, manner, SERVED, &[]));
        stage.check(&done, &expected);
        assert_eq!(stage.statistic("TcpExt:", "TCPFastOpenActive"), before + 1);
    }
    stage.end();
}

#[test]
fn multipath_tcp_is_its_senders() {
    let Some(stage) = Stage::new(&[]) else { return };
    if !Path::new("/proc/sys/net/mptcp/enabled").exists() {
        return skip("this kernel has no multipath TCP");
    }
    // Once with a server that does not speak it, once with one that does.
    stage.owned_by_the_started("multipath", &stage.run("multipath", &[]));
    let _server = serve(&stage, "serve-multipath");
    let before = stage.statistic("MPTcpExt:", "MPCapableSYNACKRX");
    let done = stage.owner.run(&stage.bed, &[], "multipath", SERVED, &[]);
    let exe = stage.owner.exe.to_string_lossy();
    let expected = stage.by(done.pid, stage.owner.args(&exe, "multipath", SERVED, &[]));
    stage.check(&done, &expected);
    assert_eq!(stage.statistic("MPTcpExt:", "MPCapableSYNACKRX"), before + 1);
    stage.end();
}

/// Port of the client's own server.
const SERVED: u16 = 4443;

fn serve(stage: &Stage, manner: &str) -> Process {
    let mut server = stage.owner.start(&stage.bed, &[], manner, SERVED, &[]);
    server.said("serving", Duration::from_secs(10));
    server
}

#[test]
fn an_accepted_socket_is_nobodys_flow() {
    let Some(stage) = Stage::new(&[Need::Program("systemd-socket-activate")]) else {
        return;
    };
    let exe = stage.owner.exe.to_string_lossy();
    let program = stage.owner.args(&exe, "plain", OPENAI.port, &["activated"]);
    let mut command = stage.bed.command("systemd-socket-activate");
    command.args(["--accept", "--listen", &format!("127.0.0.1:{SERVED}")]);
    let mut service = Process::start(command.args(program));
    service.said("Listening", Duration::from_secs(10));

    let done = stage.owner.run(&stage.bed, &[], "plain", SERVED, &[]);
    // The client's own; and the service's own, which has nothing to do with the socket that it was handed.
    let client = flow_of(&stage.agent, |event| event.process.pid == done.pid);
    assert_eq!(client.open.dst.port, SERVED);
    let served = flow_of(&stage.agent, |event| event.process.ppid == Some(service.pid()));
    assert_eq!(served.open.dst.port, OPENAI.port);
    // Others may make flows on this host meanwhile, but not in here.
    let here = client.open.process.namespaces.net;
    assert!(here.is_some());
    let flows = stage.agent.flows(|event| event.process.namespaces.net == here);
    assert_eq!(flows.len(), 2, "{flows:?}");
    stage.end();
}
