//! Sums by caller, within bounds, and told to root alone.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use umbra_report::{Agent, Caller};
use uuid::Uuid;

use super::*;
use crate::flows::{Change, Step};
use crate::losses::{Loss, Losses};
use crate::output::Told;
use crate::output::tests::{attributed, change, service};
use crate::report::Stats;
use crate::spool::Level;

/// Tells steps of a flow of this program, one second after the other.
pub(super) fn tell(live: &Live, program: &str, name: &str, steps: &[Step]) {
    let (service, mut who) = (service(), attributed(program));
    who.caller = Arc::new(Caller {
        unit: Some("bot.service".to_owned()),
        ..Caller::clone(&who.caller)
    });
    for (second, step) in (0..).zip(steps) {
        let change = change(*step);
        live.tell(&Told {
            change: &Change {
                time: change.time + Duration::from_secs(second),
                ..change
            },
            name,
            service: &service,
            attributed: &who,
            relays: None,
        });
    }
}

#[test]
fn flows_of_a_caller_add_up() {
    let live = Live::default();
    tell(
        &live,
        "python3 /srv/bot.py",
        "api.openai.com",
        &[Step::Opened, Step::Moved, Step::Closed],
    );
    tell(
        &live,
        "python3 /srv/bot.py",
        "eu.api.openai.com",
        &[Step::Opened, Step::Moved],
    );
    tell(&live, "/usr/bin/curl", "api.openai.com", &[Step::Opened]);
    let (mut used, forgotten) = live.look();
    used.sort_by_key(|used| used.id);
    let [bot, curl] = &used[..] else {
        panic!("{used:#?}")
    };
    assert_eq!(forgotten, 0);
    assert_eq!(
        (bot.flows, bot.open, bot.bytes_out, bot.bytes_in),
        (2, 1, 500, 1_000)
    );
    assert_eq!((curl.flows, curl.open, curl.pid), (1, 1, 4711));
    let names: Vec<&str> = bot.names.iter().map(|seen| seen.name.as_str()).collect();
    assert_eq!(
        names,
        ["eu.api.openai.com", "api.openai.com"],
        "the last one first"
    );
    assert_eq!(
        (&*bot.vendor, bot.caller.unit.as_deref()),
        ("OpenAI", Some("bot.service"))
    );
    assert_eq!(
        bot.origin.as_ref().map(ToString::to_string).as_deref(),
        Some("ssh from 192.0.2.9")
    );
    assert!(bot.last_seen > bot.first_seen);
}

#[test]
fn what_a_proxy_passes_on_is_counted_once() {
    let live = Live::default();
    let (change, service, who) = (change(Step::Opened), service(), attributed("squid"));
    live.tell(&Told {
        change: &change,
        name: "api.openai.com",
        service: &service,
        attributed: &who,
        relays: Some("1f-2a"),
    });
    assert_eq!(live.look().0, []);
}

#[test]
fn of_too_many_the_longest_silent_is_forgotten_and_that_is_said() {
    let live = Live::default();
    tell(&live, "open", "api.openai.com", &[Step::Opened]);
    for number in 0..2_100 {
        let program = format!("script-{number}");
        tell(&live, &program, "api.openai.com", &[Step::Opened, Step::Closed]);
    }
    let (used, forgotten) = live.look();
    assert_eq!((used.len(), forgotten), (2_048, 53));
    assert!(
        used.iter().any(|used| used.caller.program.name == "open"),
        "a flow of it lives"
    );
}

#[test]
fn names_of_a_row_are_bounded() {
    let live = Live::default();
    for number in 0..100 {
        tell(
            &live,
            "crawler",
            &format!("n{number}.openai.com"),
            &[Step::Opened, Step::Closed],
        );
    }
    let (used, _) = live.look();
    assert_eq!((used[0].flows, used[0].names.len()), (100, 16));
    assert_eq!(used[0].names[0].name, "n99.openai.com");
}

fn sources(live: &Live) -> Sources {
    let losses = Arc::new(Losses::default());
    losses.add(Loss::SpoolFull, 3);
    let stats = Arc::new(Stats::default());
    stats.acknowledged("2026-03-01T12:00:00Z".parse().unwrap());
    Sources {
        agent: Agent {
            id: Uuid::nil(),
            host: "web-1".to_owned(),
            machine_id: None,
            boot_id: None,
            version: "1.2.3".to_owned(),
            kernel: "6.12".to_owned(),
        },
        started: "2026-03-01T11:00:00Z".parse().unwrap(),
        live: live.clone(),
        asked: Asked::default(),
        losses,
        stats,
        level: watch::channel(Level::default()).1,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_is_told_each_second_and_a_left_socket_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock");
    // An agent before this one was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let live = Live::default();
    let server = Server::bind(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let serving = tokio::spawn(server.serve(sources(&live)));
    let lines = tokio::task::spawn_blocking({
        let (path, live) = (path.clone(), live.clone());
        move || {
            let mut lines = BufReader::new(UnixStream::connect(path).unwrap()).lines();
            let first: Word = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            tell(&live, "curl", "api.openai.com", &[Step::Opened]);
            let second: Word = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            (first, second)
        }
    });
    let (first, second) = lines.await.unwrap();
    assert_eq!(
        (&*first.host, &*first.version, first.used.len()),
        ("web-1", "1.2.3", 0)
    );
    assert_eq!(first.losses.get("spool_full"), Some(&3));
    assert_eq!(first.delivery.reports.acknowledged, 1);
    assert_eq!(second.used.len(), 1);
    assert!(second.time > first.time);
    serving.abort();
    assert!(serving.await.unwrap_err().is_cancelled());
    assert!(!path.exists(), "gone with the agent");
}

#[test]
fn a_folder_that_is_not_there_is_said_with_what_follows() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime.block_on(async { Server::bind("/nowhere/agent.sock".as_ref()).unwrap_err() });
    let text = error.to_string();
    assert!(
        text.contains("/nowhere/agent.sock") && text.contains("umbra-agent top"),
        "{text}"
    );
}
