//! Which socket it is, and who has it: fast open, multipath, inherited, passed on.

use super::get;
use crate::clients::odd_socket;
use crate::machine::output;
use crate::scorecard::stage::OPENAI;
use crate::scorecard::{Group, Scenario};

/// Send and accept data in the first SYN, without a cookie, on every listener (`ip-sysctl`: 1, 2, 4, 0x200, 0x400).
const FAST_OPEN: &str = "net.ipv4.tcp_fastopen=1543";

pub(super) fn all() -> Vec<Scenario> {
    vec![
        odd("fast-open", "the hello in the SYN (TCP fast open)", "fast"),
        odd(
            "multipath",
            "multipath TCP, to a server that has none",
            "multipath",
        ),
        odd("thread", "a thread talks on its process's socket", "thread"),
        odd("fork", "a child talks on its parent's socket", "fork"),
        odd("exec", "the program becomes another one once connected", "exec"),
        odd(
            "pass",
            "another program talks on a socket that it was handed",
            "pass",
        ),
        odd(
            "setuid",
            "the process becomes another user once connected",
            "setuid",
        ),
    ]
}

fn odd(id: &str, what: &str, manner: &'static str) -> Scenario {
    Scenario::new(Group::Path, id, what, move |stage| {
        let tool = odd_socket(manner)?;
        if manner == "fast" {
            output(stage.bed.command("sysctl").args(["-q", "-w", FAST_OPEN]))?;
        }
        Ok(stage.call(&tool, OPENAI, &get("/bytes/1000")))
    })
}
