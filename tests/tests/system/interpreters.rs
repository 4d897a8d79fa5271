//! The script behind an interpreter is told, live, for those that no client of the other tests is written in. Python, Node,
//! Bun, Java and bash are: `every_client.rs`, `wrappers.rs`, `storm.rs`.

use std::fs;
use std::time::Duration;

use umbra_tests::clients::deno;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};

use crate::expect::flow_of;
use crate::stage::Stage;

/// Each says what a file holds to the server, and reads a byte. By its name, what it is called with, and its script's ending.
const INTERPRETERS: [(&str, &str, &str, &str); 5] = [
    (
        "perl",
        "-w",
        "pl",
        r#"use IO::Socket::INET;
my $stream = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 443) or die;
open(my $hello, "<:raw", $ARGV[0]) or die; local $/; print {$stream} readline($hello);
$stream->shutdown(1); read($stream, my $byte, 1) or die;"#,
    ),
    (
        "ruby",
        "-W1",
        "rb",
        r#"require "socket"
stream = TCPSocket.new("127.0.0.1", 443)
stream.write(File.binread(ARGV[0]))
stream.close_write
stream.read(1) or abort"#,
    ),
    (
        "php",
        "-n",
        "php",
        r#"<?php $stream = stream_socket_client("tcp://127.0.0.1:443") or exit(1);
fwrite($stream, file_get_contents($argv[1]));
stream_socket_shutdown($stream, STREAM_SHUT_WR);
exit(fread($stream, 1) === "" ? 1 : 0);"#,
    ),
    (
        "tclsh",
        "",
        "tcl",
        "set stream [socket 127.0.0.1 443]
fconfigure $stream -translation binary
set file [open [lindex $argv 0] rb]
puts -nonewline $stream [read $file]
flush $stream
close $stream write
if {[read $stream 1] eq {}} {exit 1}",
    ),
    (
        "deno",
        "run --no-prompt --allow-net --allow-read",
        "ts",
        r#"const stream: Deno.TcpConn = await Deno.connect({ hostname: "127.0.0.1", port: 443 });
await stream.write(await Deno.readFile(Deno.args[0]));
await stream.closeWrite();
if (!await stream.read(new Uint8Array(1))) Deno.exit(1);"#,
    ),
];

#[test]
fn the_script_is_told_behind_each_interpreter() {
    if spared("more interpreters") {
        return;
    }
    let deno = match deno() {
        Ok(deno) => deno,
        Err(why) => return skip(&why),
    };
    let named = INTERPRETERS.map(|(name, ..)| name);
    let needs: Vec<_> = named
        .into_iter()
        .filter(|name| *name != "deno")
        .map(Need::Program)
        .collect();
    let Some(stage) = Stage::new(&needs) else { return };
    for (interpreter, options, ending, text) in INTERPRETERS {
        let name = format!("ask.{ending}");
        let script = stage.bed.dir().join(&name);
        fs::write(&script, text).expect("the bed's own folder");
        let mut command = match interpreter {
            "deno" => stage.bed.command(&deno),
            installed => stage.bed.command(installed),
        };
        // By a relative path, as people call it.
        command.args(options.split_whitespace());
        command.arg(&name).arg(&stage.owner.hello);
        let mut process = Process::start(&mut command);
        process.succeed(Duration::from_secs(20));
        let flow = flow_of(&stage.agent, |event| event.process.pid == process.pid());
        let seen = &flow.open.process;
        assert_eq!(seen.script.as_deref(), script.to_str(), "{seen:?}");
        // Neither the version of the interpreter nor the temporary folder makes another program.
        assert_eq!(seen.program, format!("{interpreter} /tmp/*/{name}"), "{seen:?}");
    }
    stage.end();
}
