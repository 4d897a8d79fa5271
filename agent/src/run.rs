//! `umbra-agent run`: starts every stage in turn, waits for a signal, and lets them finish.

mod progress;

use std::{
    future::pending,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};
use tracing::warn;
use umbra_agent::{
    attribution::{Attribution, wsl::wsl},
    config::{CollectorUrl, Config},
    delivery::Delivery,
    discovery::addresses::{Addresses, Seeker},
    fingerprint::fingerprint,
    flows::Flows,
    identity,
    judge::Judge,
    live::{self, Live},
    lock::Lock,
    losses::{Loss, Losses},
    managed::Managed,
    metrics::{Metrics, Sources},
    names::Names,
    output::{Form, Output},
    pipeline::Pipeline,
    probes::{self, AddressTable},
    relays::Relays,
    spool,
    unclean::Marker,
};

use progress::Progress;

/// Activities that may wait for the rollup.
const ACTIVITIES: usize = 4_096;
/// How long the second half of the pipeline may take to finish after a signal; what it holds by then is on disk.
const FINISH: Duration = Duration::from_secs(8);

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Base address of the collector [default: from the configuration, else by the DNS]
    #[arg(long, value_name = "URL")]
    collector: Option<CollectorUrl>,
    /// Configuration [default: /etc/umbra/agent.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to print of each flow [default: lines on a terminal, ndjson otherwise]
    #[arg(long, value_enum)]
    output: Option<Form>,
}

/// Runs until SIGINT or SIGTERM. One thread is enough: the kernel does the work.
pub(crate) fn main(options: Options) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run(options))
}

async fn run(options: Options) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut config = Config::load(options.config.as_deref())?;
    config.report.collector = options.collector.or(config.report.collector);
    let _host = Lock::host()?;
    let (managed, catalogue, taken) = Managed::open(&config)?;
    let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let metrics = match config.metrics.listen {
        Some(address) => Some(Metrics::bind(address).await?),
        None => None,
    };

    let progress = Progress::new();
    progress.say(&format!(
        "loading {} programs into the kernel",
        probes::PROGRAMS.len()
    ));
    let probes = probes::start(&catalogue, config.probes.log)?;
    let attached = started.elapsed();
    let losses = Arc::new(Losses::default());
    let directory = config.spool.directory();
    spool::make_folder(&directory)?;
    let agent = identity::load(&directory)?;
    let (host, told_as) = (agent.host.clone(), agent.clone());
    let delivery = Delivery::open(&config, agent, managed, taken.settings, losses.clone())?;
    delivery.stats().attached(probes::PROGRAMS.len());
    delivery.stats().runs_catalogue(fingerprint(&catalogue));
    let names = Names::new(catalogue);
    let mut background = Background::default();
    if let Some(diagnostics) = probes.diagnostics {
        background.spawn(diagnostics.run());
    }
    if let Some(metrics) = metrics {
        let sources = Sources {
            losses: losses.clone(),
            stats: delivery.stats(),
            level: delivery.level(),
            kernel: Some((probes.counters.clone(), probes.bell.wakeups())),
        };
        background.spawn(metrics.serve(sources));
    }
    background.spawn(progress.reported(delivery.link()));
    let (live, asked) = (Live::default(), live::Asked::default());
    background.spawn(asked.clone().ask_for_ever(live.clone(), delivery.link()));
    match live::Server::bind(Path::new(live::SOCKET)) {
        Ok(server) => background.spawn(server.serve(live::Sources {
            agent: told_as,
            started: Timestamp::now(),
            live: live.clone(),
            asked,
            losses: losses.clone(),
            stats: delivery.stats(),
            level: delivery.level(),
        })),
        Err(error) => warn!("{error}"),
    }
    let addresses = look_up(&config, &names, probes.addresses, &mut background)?;
    let (activities, received) = mpsc::channel(ACTIVITIES);
    let pipeline = Pipeline {
        flows: Flows::new(probes.flows, probes.verdicts),
        judge: Judge::new(probes.answered, addresses, losses.clone()),
        names,
        catalogues: taken.catalogues,
        kernel_names: probes.names,
        attribution: Attribution::new(
            probes.processes,
            probes.cgroups,
            &config.containers,
            losses.clone(),
        ),
        relays: Relays::new(),
        output: Output::to_stdout(
            options.output.unwrap_or_else(Form::of_stdout),
            &host,
            losses.clone(),
        )?,
        live,
        activities,
        counters: probes.counters,
        losses,
    };
    warn_of(&probes.absent_fields);
    progress::say(&format!(
        "attached in {} ms; watching this host",
        attached.as_millis()
    ));

    // The last thing that can be left behind, so that a start that fails is not taken for a kill.
    let marker = notice_a_kill(&directory, &pipeline.losses);
    let delivering = tokio::spawn(delivery.run(received));
    // The pipeline's end drops its sender, and with it ends the delivery.
    let ended = pipeline.run(probes.bell, probes.pieces, any(signals)).await;
    drop(probes.attached);
    if timeout(FINISH, delivering).await.is_err() {
        warn!(
            "the last observations could not all be written in {} s",
            FINISH.as_secs()
        );
    } else if let Some(marker) = marker {
        // What cannot be removed is taken for a kill: said too often rather than never.
        let _ = marker.clear();
    }
    ended?;
    Ok(())
}

/// What this kernel cannot tell.
fn warn_of(absent_fields: &[String]) {
    for field in absent_fields {
        warn!("this kernel has no {field}: what is read from it stays unknown");
    }
    if let Some(wsl) = wsl() {
        warn!(
            "this is WSL {} ({}): programs of all its distributions are seen, Windows' own are not",
            wsl.version,
            wsl.distribution.as_deref().unwrap_or("of unknown distribution")
        );
    }
}

/// Tasks that end with the agent.
#[derive(Default)]
struct Background(Vec<JoinHandle<()>>);

impl Background {
    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.push(tokio::spawn(task));
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// Counts it when the last agent did not end in order; a folder that cannot be written is said.
fn notice_a_kill(folder: &Path, losses: &Losses) -> Option<Marker> {
    match Marker::set(folder) {
        Ok((marker, was_killed)) => {
            if was_killed {
                warn!("the last agent was killed: what it had counted in its last seconds is lost");
                losses.add(Loss::AgentKilled, 1);
            }
            Some(marker)
        }
        Err(error) => {
            warn!("cannot write to {}: {error}", folder.display());
            None
        }
    }
}

/// Starts looking up the catalogue's names, if that is configured.
fn look_up(
    config: &Config,
    names: &Names,
    table: AddressTable,
    background: &mut Background,
) -> anyhow::Result<Option<(Addresses, AddressTable)>> {
    if !config.evidence.resolve_catalogue_names {
        return Ok(None);
    }
    let seeker = Seeker::from_system(names.resolvable(), config.evidence.seconds_per_name.as_seconds())?;
    let addresses = seeker.addresses();
    background.spawn(seeker.run());
    Ok(Some((addresses, table)))
}

/// Done when one of them comes.
async fn any(signals: [Signal; 2]) {
    let [mut interrupted, mut terminated] = signals;
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
        () = pending() => {}
    }
}
