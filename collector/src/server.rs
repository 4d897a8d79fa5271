//! Puts the parts together, listens, and stops in good order.

mod agents;
mod any_time;
mod background;
mod couriers;
mod crowd;
mod document;
mod files;
mod guard;
mod peer;
mod placed;
mod routes;
mod seat;
mod tls;
mod whole;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::alerts::TargetError;
use crate::app::App;
use crate::authority::{self, AuthorityError};
use crate::config::Settings;
use crate::configuration::{Signer, SignerError};
use crate::enrolment::{Desk, Pace};
use crate::live::Live;
use crate::store::{Store, StoreError};
use crate::sums::Sums;
use background::Background;
use crowd::Crowd;
pub(crate) use peer::Peer;

/// Why the collector could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else listens there.
    #[error("another program listens on {address} already; stop it, or give {option} another port")]
    InUse {
        /// The address.
        address: SocketAddr,
        /// The option that gives it.
        option: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; give {option} another address or port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The option that gives it.
        option: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("cannot use the TLS file {}: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The authority for agents cannot be used.
    #[error(transparent)]
    Files(#[from] AuthorityError),
    /// The key that signs agents' configurations cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The listener for agents has no certificate.
    #[error(
        "cannot make the collector's certificate for agents: {0}; see that names under [agents] are host names or addresses, and that the authority is one"
    )]
    Authority(String),
    /// A route for alerts cannot be opened.
    #[error("the route {route} cannot be opened: {source}")]
    Route {
        /// Its name.
        route: String,
        /// Why.
        source: TargetError,
    },
}

/// A collector that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The page as this machine reaches it.
    pub url: Url,
    /// Where the first account is made, while there is none: for whoever started it alone.
    pub set_up: Option<Url>,
    /// Where agents of other hosts reach it.
    pub agents: Option<SocketAddr>,
    agents_listener: Option<agents::Listener>,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<io::Result<()>>,
    couriers: Vec<JoinHandle<()>>,
    background: Background,
    live: Arc<Live>,
    stop: watch::Sender<bool>,
    store: Arc<Store>,
    deadline: Duration,
}

impl Server {
    /// Opens the store and listens; returns when requests are taken.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let listeners = 1 + usize::from(settings.agents.is_some());
        files::allow(settings.limits.connections.saturating_mul(listeners));
        let tls = settings.tls.as_ref().map(tls::config).transpose()?;
        let routes = settings.all_routes();
        let targets = couriers::open(&routes)?;
        let store = Store::open(&settings.location()).await?;
        let store = Arc::new(store.naming(settings.names).await?);
        // After the store, whose lock keeps others out of the directory.
        let keys = async {
            let authority = authority::of(&settings, &store).await?;
            let signer = Signer::of(&store).await?;
            couriers::configure(&store, &routes).await?;
            Ok::<_, StartError>((Arc::new(authority), Arc::new(signer)))
        };
        let ready = keys
            .await
            .and_then(|keys| Ok((keys, listen(settings.listen, "--listen")?)));
        let ((authority, signer), (listener, address)) = match ready {
            Ok(bound) => bound,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let url = own_url(tls.is_some(), address);
        let page = settings.page.clone().unwrap_or_else(|| url.clone());
        let bell = (!routes.is_empty()).then(|| Arc::new(Notify::new()));
        let takeover = settings.agents.as_ref().map(|agents| agents.takeover);
        let app = App {
            takeover: takeover.unwrap_or_default(),
            missing: settings.missing,
            learning: settings.watch.learning,
            forwarded: settings.forwarded,
            open_metrics: settings.open_metrics,
            targets: Arc::new(couriers::by_name(&routes, &targets)),
            authority: authority.fingerprint().into(),
            sums: Arc::new(Sums::new(Arc::clone(&store), settings.missing)),
            ..App::new(Arc::clone(&store), bell.clone(), settings.limits, page.clone())
        };
        let started = settings.agents.as_ref().map(|agents| {
            let desk = Desk {
                store: Arc::clone(&store),
                authority: Arc::clone(&authority),
                metrics: Arc::clone(&app.metrics),
                pace: Arc::new(Pace::new(agents.enrolments_per_second, Instant::now())),
                life: agents.life,
                signer: Arc::clone(&signer),
                body: settings.limits.body,
            };
            agents::Listener::start(agents, app.clone(), desk)
        });
        let agents_listener = match started.transpose() {
            Ok(listener) => listener,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };

        let known = settings.agents.as_ref().zip(agents_listener.as_ref());
        let app = App {
            agents: known
                .and_then(|(agents, listener)| Some(agents.known_as(listener.address.port())?.into())),
            ..app
        };

        let (stop, stopped) = watch::channel(false);
        let post = couriers::Post {
            store: &store,
            bell: bell.unwrap_or_default(),
            metrics: &app.metrics,
            page: &page,
            stop: &stopped,
        };
        let couriers = post.start(routes, targets);

        let background = Background::start(&app, settings.retention, settings.watch, &stopped);
        tokio::spawn(app.clone().warm_up());

        let live = Arc::clone(&app.live);
        let guard = guard::Guard::new(&page, settings.hosts);
        let handle = Handle::new();
        let serving = serve(app, guard, (listener, address), tls, &handle)?;
        let set_up = first_account(&store, page).await?;
        Ok(Self {
            address,
            url,
            set_up,
            agents: agents_listener.as_ref().map(|listener| listener.address),
            agents_listener,
            handle,
            serving,
            couriers,
            background,
            live,
            stop,
            store,
            deadline: settings.limits.shutdown,
        })
    }

    /// Waits until the server ends by itself, which it does only when it fails.
    pub async fn ended(&mut self) -> io::Result<()> {
        let agents = async {
            match &mut self.agents_listener {
                Some(listener) => (&mut listener.serving).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = &mut self.serving => ended,
            ended = agents => ended,
        }
        .unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Takes no more requests, lets those that run end until the deadline, and closes the store.
    pub async fn stop(self) {
        // Who watches would do so until the deadline.
        self.live.end();
        self.handle.graceful_shutdown(Some(self.deadline));
        if let Some(mut listener) = self.agents_listener {
            listener.handle.graceful_shutdown(Some(self.deadline));
            if let Ok(Err(error)) = (&mut listener.serving).await {
                tracing::error!("the server for agents failed: {error}");
            }
        }
        if let Ok(Err(error)) = self.serving.await {
            tracing::error!("the server failed: {error}");
        }
        // They may be gone already.
        let _ = self.stop.send(true);
        for courier in self.couriers {
            let _ = courier.await;
        }
        self.background.ended().await;
        self.store.close().await;
    }
}

/// Serves people and programs.
fn serve(
    app: App,
    guard: guard::Guard,
    bound: (TcpListener, SocketAddr),
    tls: Option<RustlsConfig>,
    handle: &Handle<SocketAddr>,
) -> Result<JoinHandle<io::Result<()>>, StartError> {
    let (limits, handle) = (app.limits, handle.clone());
    let crowd = Crowd::of("page", limits, Arc::clone(&app.metrics));
    let service = routes::router(app, guard).into_make_service_with_connect_info::<SocketAddr>();
    Ok(if let Some(config) = tls {
        let tls = RustlsAcceptor::new(config).handshake_timeout(limits.head);
        let server = http(bound, "--listen", tls.acceptor(crowd))?;
        tokio::spawn(server.handle(handle).serve(service))
    } else {
        let server = http(bound, "--listen", crowd)?;
        tokio::spawn(server.handle(handle).serve(service))
    })
}

/// Where the first account is made, while there is none.
async fn first_account(store: &Store, mut page: Url) -> Result<Option<Url>, StoreError> {
    let Some(secret) = store.offer_set_up(Timestamp::now()).await? else {
        return Ok(None);
    };
    page.set_path("/setup");
    page.query_pairs_mut().append_pair("token", &secret);
    Ok(Some(page))
}

/// HTTP/1 only, whose requests follow each other: `seat` tells by that what a connection is doing.
fn http<A>(
    (listener, address): (TcpListener, SocketAddr),
    option: &'static str,
    acceptor: A,
) -> Result<axum_server::Server<SocketAddr, A>, StartError> {
    let mut server = axum_server::from_tcp(listener)
        .map_err(|source| StartError::Listen {
            address,
            option,
            source,
        })?
        .acceptor(acceptor)
        // After the acceptor, which forgets it: then each connection may wait for ever to say its version.
        .http1_only();
    server
        .http_builder()
        .http1()
        // One limit for a head and for what is between requests. Ours are two.
        .header_read_timeout(None);
    Ok(server)
}

fn listen(address: SocketAddr, option: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::InUse { address, option },
        _ => StartError::Listen {
            address,
            option,
            source,
        },
    };
    let listener = TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

fn own_url(tls: bool, address: SocketAddr) -> Url {
    let scheme = if tls { "https" } else { "http" };
    #[expect(
        clippy::expect_used,
        reason = "a scheme and a socket address always make a URL"
    )]
    Url::parse(&format!("{scheme}://{address}")).expect("a URL")
}
