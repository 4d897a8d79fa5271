//! `cargo xtask run`: collector and agent on this machine, until Ctrl-C.

mod place;
mod service;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::setup::{self, Need};
use crate::{build, root};
use place::Place;
use service::{Event, Service};

/// What the collector says before the link by which the first account is made.
const FIRST_ACCOUNT: &str = "make the first one, within a day, at ";

/// How long a service may take to be ready: the first start makes the store.
const READY: Duration = Duration::from_mins(1);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the collector listens.
    #[arg(long, default_value = "127.0.0.1:8600")]
    listen: std::net::SocketAddr,
    /// Where the agent enrols and reports.
    #[arg(long, default_value = "127.0.0.1:8601")]
    agents: std::net::SocketAddr,
    /// Call this URL for each new finding.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
}

/// Runs both until a signal comes or one of them ends.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    setup::ensure(Need::Run)?;
    root::ask("watch this host's connections (the agent; the collector runs as you)")?;
    build::release()?;

    let place = Place::prepare(arguments.webhook.as_deref())?;
    let (sender, events) = mpsc::sync_channel(1024);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for Ctrl-C")?;
    let on_signal = sender.clone();
    thread::spawn(move || signals.forever().all(|_| on_signal.send(Event::Stop).is_ok()));

    let url = format!("http://{}", arguments.listen);
    let mut collector = Service::start(
        "collector",
        place.collector(arguments.listen, arguments.agents),
        false,
        &sender,
    )?;
    let mut link = None;
    let collecting = wait(&events, &mut [&mut collector], "listens on http", &mut link);
    let outcome = collecting.and_then(|stopped| {
        if stopped {
            return Ok(());
        }
        place.invite()?;
        let mut agent = Service::start("agent", place.agent(arguments.agents), true, &sender)?;
        let watching = watch(&events, &mut agent, &mut collector, &url, &mut link);
        // The agent first, so that the collector still takes its last report.
        agent.stop();
        watching
    });
    collector.stop();
    // What they said while they stopped.
    for event in events.try_iter() {
        if let Event::Line { service, text } = event {
            println!("{service} | {text}");
        }
    }
    outcome
}

/// Waits for the agent, prints the address, and stays until a signal comes or a service ends.
fn watch(
    events: &Receiver<Event>,
    agent: &mut Service,
    collector: &mut Service,
    url: &str,
    link: &mut Option<String>,
) -> Result<()> {
    if wait(events, &mut [agent, collector], "attached", link)? {
        return Ok(());
    }
    println!("\nUmbra watches this host: {url}");
    if let Some(link) = link {
        println!("Nobody has an account there yet. Make yours: {link}");
    }
    println!("Ctrl-C stops it; what it has learnt stays.\n");
    loop {
        match next(events, &mut [agent, collector])? {
            Some(Event::Stop) => return Ok(()),
            Some(Event::Line { service, text }) => println!("{service} | {text}"),
            None => {}
        }
    }
}

/// Waits until the first service has said `word`; true if a signal came instead. Keeps the `link` by which the first
/// account is made, if one is told: between the services' lines nobody would find it.
fn wait(
    events: &Receiver<Event>,
    services: &mut [&mut Service],
    word: &str,
    link: &mut Option<String>,
) -> Result<bool> {
    let deadline = Instant::now() + READY;
    let name = services[0].name;
    loop {
        match next(events, services)? {
            Some(Event::Stop) => return Ok(true),
            Some(Event::Line { service, text }) => {
                println!("{service} | {text}");
                if let Some((_, address)) = text.split_once(FIRST_ACCOUNT) {
                    *link = Some(address.to_owned());
                }
                if service == name && text.contains(word) {
                    return Ok(false);
                }
            }
            None if Instant::now() > deadline => {
                bail!(
                    "{name} was not ready within {} s; its last lines are above",
                    READY.as_secs()
                )
            }
            None => {}
        }
    }
}

/// The next event, or nothing for a moment; an error with a service's last lines if it has ended.
fn next(events: &Receiver<Event>, services: &mut [&mut Service]) -> Result<Option<Event>> {
    match events.recv_timeout(Duration::from_millis(200)) {
        Ok(event) => return Ok(Some(event)),
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => bail!("no service is left"),
    }
    for service in services {
        if let Some(status) = service.ended()? {
            bail!(
                "{} ended by itself ({status}); its last lines:\n{}",
                service.name,
                service.last_lines()
            );
        }
    }
    Ok(None)
}
