//! Clients that carry their own TLS and QUIC stacks (rustls, quinn).

mod pieces;
mod proxy;
mod quic;
mod relayed;
mod tcp;

use std::fs::File;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

pub(crate) use pieces::Pieces;
pub use quic::{Arguments as Quic, initial};
pub use tcp::Arguments as Tcp;

/// `https://host[:port]/path`.
#[derive(Clone, Debug)]
struct Url {
    host: String,
    port: u16,
    path: String,
}

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, path) = text
            .strip_prefix("https://")
            .and_then(|rest| rest.split_once('/'))
            .with_context(|| format!("`{text}` is not https://host[:port]/path"))?;
        let (host, port) = host.split_once(':').unwrap_or((host, "443"));
        Ok(Self {
            host: host.to_owned(),
            port: port.parse()?,
            path: format!("/{path}"),
        })
    }
}

/// TLS that trusts one authority alone.
fn trusting(
    authority: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_reader(File::open(authority)?)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
