//! An authority for agents, given to the collector: so the fleet knows it on both databases.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Who signs the collector's certificate and the agents'.
pub(crate) struct Authority {
    certificate: String,
    key: String,
    /// One for all agents: each would have its own copy of the authority otherwise.
    verifier: Arc<WebPkiServerVerifier>,
}

impl Authority {
    pub(crate) fn new() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone())?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            verifier: WebPkiServerVerifier::builder(Arc::new(roots)).build()?,
        })
    }

    /// Writes certificate and key into `folder`; gives the part of the collector's configuration that names them.
    pub(crate) fn write(&self, folder: &Path) -> Result<String> {
        let (cert, key) = (folder.join("authority.pem"), folder.join("authority.key"));
        fs::write(&cert, &self.certificate).context("cannot write the authority")?;
        fs::write(&key, &self.key).context("cannot write the authority's key")?;
        let [cert, key] = [cert, key].map(|path| path.display().to_string());
        Ok(format!("[agents.authority]\ncert = {cert:?}\nkey = {key:?}\n"))
    }

    /// TLS of an agent that has no certificate yet.
    pub(crate) fn unknown(&self) -> Arc<ClientConfig> {
        let config = ClientConfig::builder().with_webpki_verifier(Arc::clone(&self.verifier));
        Arc::new(config.with_no_client_auth())
    }

    /// TLS of an agent with a certificate (PEM, with what lies between it and the authority) for its key.
    pub(crate) fn enrolled(&self, certificate: &str, key: &KeyPair) -> Result<Arc<ClientConfig>> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
        let chain = chain.context("the collector gave no certificate")?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        let config = ClientConfig::builder().with_webpki_verifier(Arc::clone(&self.verifier));
        Ok(Arc::new(config.with_client_auth_cert(chain, key)?))
    }
}
