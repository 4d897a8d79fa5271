//! When it happens: before the observer, for a moment, for long, all at once.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{calling, get, tool};
use crate::bed::Run;
use crate::clients::{Call, Tool, odd_socket};
use crate::scorecard::caused::Caller;
use crate::scorecard::scenario::Missing;
use crate::scorecard::stage::{ANTHROPIC, OPENAI, direct};
use crate::scorecard::{Caused, Group, Scenario, Stage};

const SHORT_LIVED: usize = 20;
const AT_ONCE: usize = 4;
/// A user without an account.
const NOBODY_IN_PARTICULAR: u32 = 12345;

pub(super) fn all() -> Vec<Scenario> {
    vec![
        calling(
            Group::Lifetime,
            "megabytes",
            "20 MB in one answer",
            ("curl", &[]),
            (OPENAI, get("/bytes/20000000")),
        ),
        calling(
            Group::Lifetime,
            "long",
            "an answer that takes three seconds",
            ("wget", &[]),
            (OPENAI, get("/slow/3/1000")),
        ),
        Scenario::new(Group::Lifetime, "upload", "5 MB in one request", upload),
        Scenario::new(
            Group::Lifetime,
            "kept-alive",
            "three requests on one connection",
            |stage| {
                let url = format!("https://{}/bytes/2000", OPENAI.name);
                let more = ["--output", "/dev/null", &url, "--output", "/dev/null", &url];
                Ok(stage.call(&tool("curl")?.with(&more), OPENAI, &get("/bytes/1000")))
            },
        ),
        Scenario::new(
            Group::Lifetime,
            "short-lived",
            "20 processes of a few milliseconds, four at a time",
            short_lived,
        ),
        Scenario::new(
            Group::Lifetime,
            "at-once",
            "ten callers at the same time: programs, users, names",
            at_once,
        ),
        Scenario::new(
            Group::Lifetime,
            "older-socket",
            "connected before the observer starts, says hello after",
            |stage| {
                let tool = odd_socket("older")?.with(&[&signal(stage)]);
                older(stage, &tool, "ready")
            },
        )
        .before_the_observer()
        .short("its close is told after an hour of silence, and no bytes before"),
        Scenario::new(
            Group::Lifetime,
            "older-quic",
            "a UDP socket from before the observer, QUIC after",
            |stage| {
                let tool = tool("quinn")?.with(&["--connected", "--wait", &signal(stage)]);
                older(stage, &tool, "open")
            },
        )
        .before_the_observer(),
    ]
}

/// The file that a client waits for.
pub(super) fn signal(stage: &Stage<'_>) -> String {
    stage.bed.dir().join("go").to_string_lossy().into_owned()
}

/// A client that says when it is ready, and goes on when it sees the [`signal`].
pub(super) fn older(stage: &mut Stage<'_>, tool: &Tool, ready: &str) -> Result<Vec<Caused>, Missing> {
    let signal = signal(stage);
    let call = get("/bytes/1000");
    let mut run = stage.bed.start(tool, &call);
    run.process.said(ready, Duration::from_secs(20));
    stage.watch();
    fs::write(&signal, "").map_err(|error| format!("{signal}: {error}"))?;
    run.succeed();
    Ok(stage.called(tool, OPENAI, &call))
}

fn upload(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let body = stage.bed.dir().join("body");
    fs::write(&body, vec![b'.'; 5_000_000]).map_err(|error| format!("{}: {error}", body.display()))?;
    let tool = tool("curl")?.with(&["--data-binary", &format!("@{}", body.display())]);
    Ok(stage.call(&tool, OPENAI, &get("/bytes/1000")))
}

fn short_lived(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let tool = tool("rustls")?;
    let next = AtomicUsize::new(0);
    let runs = Mutex::new(Vec::<Run>::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let turn @ 0..SHORT_LIVED = next.fetch_add(1, Ordering::Relaxed) {
                    let run = stage
                        .bed
                        .run(&tool, &Call::to(OPENAI.name, &format!("/bytes/{}", 100 + turn)));
                    runs.lock().expect("no thread failed").push(run);
                }
            });
        }
    });
    let truth = stage.counted(SHORT_LIVED, |it| it.name.as_deref() == Some(OPENAI.name));
    let caller = Caller::of(&tool);
    Ok(truth.iter().map(|it| direct(OPENAI, it, &caller)).collect())
}

fn at_once(stage: &mut Stage<'_>) -> Result<Vec<Caused>, Missing> {
    let clients = ["curl", "wget", "openssl", "curl", "rustls"];
    let mut calls = Vec::new();
    for turn in 0..10 {
        let client = clients[turn % clients.len()];
        // Only what every user may read and run is run as another user.
        let uid = (["curl", "wget"].contains(&client) && turn % 2 == 1).then_some(NOBODY_IN_PARTICULAR);
        let known = [OPENAI, ANTHROPIC][turn / 5];
        calls.push((tool(client)?, known, uid, format!("/slow/1/{}", 100 + turn)));
    }
    let mut runs = Vec::new();
    for (tool, known, uid, path) in &calls {
        let call = Call {
            uid: *uid,
            ..Call::to(known.name, path)
        };
        runs.push(stage.bed.start(tool, &call));
    }
    runs.iter_mut().for_each(Run::succeed);
    let made = calls.iter().flat_map(|(tool, known, uid, path)| {
        stage.called(
            tool,
            *known,
            &Call {
                uid: *uid,
                ..Call::to(known.name, path)
            },
        )
    });
    Ok(made.collect())
}
