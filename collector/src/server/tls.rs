use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::StartError;
use crate::config::Tls;

/// Reads certificate and key; TLS 1.2 and 1.3 by rustls and ring.
pub(super) fn config(tls: &Tls) -> Result<RustlsConfig, StartError> {
    let cert_refused = |reason: String| StartError::Tls {
        path: tls.cert.clone(),
        reason,
    };
    let key_refused = |reason: String| StartError::Tls {
        path: tls.key.clone(),
        reason,
    };
    let certs: Vec<_> = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect)
        .map_err(|error| cert_refused(error.to_string()))?;
    if certs.is_empty() {
        return Err(cert_refused(
            "there is no certificate in PEM form in it".to_owned(),
        ));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| key_refused(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|error| key_refused(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
