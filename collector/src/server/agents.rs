//! The listener for agents: HTTPS with the authority's certificates, reachable from other hosts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::task::JoinHandle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::any_time::AnyTime;
use super::crowd::Crowd;
use super::peer::PeerAcceptor;
use super::routes::{missing, wrong_method};
use super::{StartError, document, http, listen, whole};
use crate::app::App;
use crate::authority::Authority;
use crate::config::Agents;
use crate::enrolment::{self, Desk};
use crate::{api, configuration, ingest, verdicts};

/// How often the collector gets a new certificate.
const AGAIN: Duration = Duration::from_hours(24);

/// The listener for agents, while it runs.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) handle: Handle<SocketAddr>,
    pub(super) serving: JoinHandle<io::Result<()>>,
    renewing: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Listener {
    pub(super) fn start(agents: &Agents, app: App, desk: Desk) -> Result<Self, StartError> {
        let authority = Arc::clone(&desk.authority);
        let names = agents.names.clone();
        let config = RustlsConfig::from_config(config(&authority, &names)?);
        let (listener, address) = listen(agents.listen, "--agents")?;
        let head = app.limits.head;
        let handle = Handle::new();
        let crowd = Crowd::of("agents", app.limits, Arc::clone(&app.metrics));
        let acceptor = PeerAcceptor {
            tls: RustlsAcceptor::new(config.clone())
                .handshake_timeout(head)
                .acceptor(crowd),
            metrics: Arc::clone(&app.metrics),
        };
        let server = http((listener, address), "--agents", acceptor)?.handle(handle.clone());
        let serving = tokio::spawn(server.serve(router(app, desk).into_make_service()));
        let renewing = tokio::spawn(renew(config, authority, names));
        Ok(Self {
            address,
            handle,
            serving,
            renewing,
        })
    }
}

fn router(app: App, desk: Desk) -> Router {
    let within = app.limits.body;
    let certificates = OpenApiRouter::new()
        .routes(routes!(enrolment::enrol))
        .routes(routes!(enrolment::renew))
        .routes(routes!(configuration::config))
        .with_state(desk);
    let api = document::with_certificates()
        .routes(routes!(ingest::reports))
        .routes(routes!(verdicts::verdicts))
        .routes(routes!(api::healthz))
        .with_state(app)
        .merge(certificates);
    document::described(api, |_| ())
        .fallback(missing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(within, whole::bodies))
}

/// A certificate lives in memory alone, and is replaced long before it ends.
async fn renew(config: RustlsConfig, authority: Arc<Authority>, names: Vec<String>) {
    loop {
        tokio::time::sleep(AGAIN).await;
        match self::config(&authority, &names) {
            Ok(new) => config.reload_from_config(new),
            Err(error) => tracing::error!("the collector's certificate for agents was not renewed: {error}"),
        }
    }
}

fn config(authority: &Authority, names: &[String]) -> Result<Arc<ServerConfig>, StartError> {
    let unusable = |error: String| StartError::Authority(error);
    let (chain, key) = authority
        .server(names, Timestamp::now())
        .map_err(|error| unusable(error.to_string()))?;
    let verifier = AnyTime::new(authority.der().clone()).map_err(unusable)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_client_cert_verifier(Arc::new(verifier))
                .with_single_cert(chain, key)
        })
        .map_err(|error| unusable(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
