//! `umbra-collector serve`: runs until a signal.

use anyhow::anyhow;
use tokio::signal::unix::{SignalKind, signal};
use umbra_collector::config::Settings;
use umbra_collector::server::Server;

use crate::say;

#[tokio::main]
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    // Two crates of the tree could bring a provider; nobody may be asked to choose at run time.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("a TLS provider is installed already");
    }
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tracing::info!("starting with\n{settings}");
    let mut server = Server::start(settings).await?;
    if let Some(agents) = server.agents {
        say(&format!("Umbra collector takes agents at https://{agents}\n"))?;
    }
    let url = server.url.as_str().trim_end_matches('/');
    let link = server.set_up.as_ref().map_or_else(String::new, |link| {
        format!("Umbra collector has no account yet: make the first one, within a day, at {link}\n")
    });
    // At once: who has read the first line may have closed the pipe.
    say(&format!("Umbra collector listens on {url}\n{link}"))?;
    tokio::select! {
        ended = server.ended() => {
            return ended.map_err(|error| anyhow!("the server failed: {error}; start it again"));
        }
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}
