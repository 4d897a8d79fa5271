//! What a login session is, by its number: for processes that no line of ancestors joins to it any more.

use std::{fs, net::IpAddr};

use super::{Connections, Found};
use crate::attribution::{
    files::Root,
    origin::{Kind, gates, gates::Gate},
    procfs,
};

/// Processes looked at.
const PROCESSES_MAX: usize = 50_000;
/// Those files have less than a KiB.
const FILE_MAX: usize = 64 << 10;

/// By what systemd-logind keeps of the session, else by a gate that runs in it.
pub(super) fn look_up(root: Option<&Root>, id: &str) -> Found {
    // It is part of a path.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Found::default();
    }
    let said = root
        .and_then(|root| root.text(&format!("/run/systemd/sessions/{id}"), FILE_MAX))
        .and_then(|text| parse(&text, id));
    let seen = || by_gate(id.parse().ok()?);
    match said {
        // sshd may have been told to write down names in place of addresses (`UseDNS`).
        Some(Found {
            kind: Some(Kind::Ssh),
            peer: None,
            ..
        }) => Found {
            peer: seen().and_then(|found| found.peer),
            ..said.unwrap_or_default()
        },
        Some(said) => said,
        None => seen().unwrap_or_default(),
    }
}

/// Understands a file of logind's, which root alone can write: lines `KEY=VALUE` (`session_save`, systemd's
/// `src/login/logind-session.c`). There is no other way to ask but D-Bus.
fn parse(text: &str, id: &str) -> Option<Found> {
    let value = |key: &str| {
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        value.filter(|value| !value.is_empty())
    };
    // Of kernels without audit, sessions have numbers of logind's own: `c2`.
    if id.bytes().all(|byte| byte.is_ascii_digit()) && value("AUDIT").is_some_and(|audit| audit != id) {
        return None;
    }
    let by_type = match value("TYPE") {
        Some("x11" | "wayland" | "mir") => Some(Kind::Desktop),
        _ => None,
    };
    // What PAM calls the program that let somebody in.
    let by_service = || match value("SERVICE")? {
        "sshd" | "dropbear" => Some(Kind::Ssh),
        "cron" | "crond" | "atd" => Some(Kind::Cron),
        "login" | "remote" => Some(Kind::Terminal),
        _ => None,
    };
    let kind = by_type.or_else(by_service)?;
    let address = |host: &str| host.parse().ok().map(|address: IpAddr| address.to_canonical());
    Some(Found {
        name: value("DESKTOP")
            .filter(|_| kind == Kind::Desktop)
            .map(str::to_owned),
        peer: value("REMOTE_HOST").and_then(address),
        terminal: value("TTY").map(str::to_owned),
        kind: Some(kind),
    })
}

/// By a gate of root's with the same number.
fn by_gate(session: u32) -> Option<Found> {
    let (gate, pid) = procfs::pids().into_iter().take(PROCESSES_MAX).find_map(|pid| {
        let number = fs::read_to_string(format!("/proc/{pid}/sessionid")).ok()?;
        if number.trim().parse() != Ok(session) {
            return None;
        }
        let seen = procfs::read(pid)?;
        Some((gates::gate(&seen.image, seen.uid)?, pid))
    })?;
    let kind = match gate {
        Gate::Ssh => Kind::Ssh,
        Gate::Cron => Kind::Cron,
        Gate::Login => Kind::Terminal,
        Gate::Display => Kind::Desktop,
    };
    Some(Found {
        kind: Some(kind),
        peer: (gate == Gate::Ssh)
            .then(|| Connections::default().peer(pid))
            .flatten(),
        ..Found::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logind_says_who_let_somebody_in() {
        let ssh = "# This is private data. Do not parse.\nUID=1000\nUSER=ann\nREMOTE=1\nTYPE=tty\nCLASS=user\n\
                   SCOPE=session-3.scope\nTTY=pts/0\nREMOTE_HOST=192.0.2.9\nSERVICE=sshd\nLEADER=1234\nAUDIT=3\n";
        let by_name = ssh.replace("192.0.2.9", "laptop.example");
        let desktop = "UID=1000\nREMOTE=0\nTYPE=wayland\nTTY=tty2\nSERVICE=gdm-password\nDESKTOP=gnome\n";
        let table = [
            (
                ssh,
                "3",
                Some((Kind::Ssh, None, Some("192.0.2.9"), Some("pts/0"))),
            ),
            // Another session's.
            (ssh, "4", None),
            (&by_name, "3", Some((Kind::Ssh, None, None, Some("pts/0")))),
            (
                desktop,
                "c2",
                Some((Kind::Desktop, Some("gnome"), None, Some("tty2"))),
            ),
            (
                "TYPE=tty\nTTY=tty1\nSERVICE=login\n",
                "1",
                Some((Kind::Terminal, None, None, Some("tty1"))),
            ),
            (
                "TYPE=unspecified\nSERVICE=cron\n",
                "9",
                Some((Kind::Cron, None, None, None)),
            ),
            ("TYPE=unspecified\nSERVICE=systemd-user\n", "9", None),
            ("", "9", None),
        ];
        for (text, id, expected) in table {
            let expected = expected.map(|(kind, name, peer, terminal)| Found {
                kind: Some(kind),
                name: name.map(str::to_owned),
                peer: peer.and_then(|peer| peer.parse().ok()),
                terminal: terminal.map(str::to_owned),
            });
            assert_eq!(parse(text, id), expected, "{id}: {text}");
        }
    }

    #[test]
    fn a_number_is_no_path() {
        let root = Root::open("/").unwrap();
        for id in ["", "..", "../users/0", "4294967294"] {
            assert_eq!(look_up(Some(&root), id), Found::default(), "{id}");
        }
    }
}
