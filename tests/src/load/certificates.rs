//! One small certificate a name, all made before the first flow.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use anyhow::anyhow;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::names::{CATALOGUE, NEAR, SHOP};

/// The certificates of all names of the load.
pub(super) struct Certificates {
    by_name: HashMap<&'static str, Arc<CertifiedKey>>,
    /// For the names below [`SHOP`].
    shops: Arc<CertifiedKey>,
}

impl Certificates {
    /// Makes them, and an authority whose certificate (PEM) comes with them. All keys are ECDSA P-256.
    pub(super) fn new() -> anyhow::Result<(Self, String)> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Umbra bench authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let by_name = CATALOGUE.into_iter().chain(NEAR);
        let certificates = Self {
            by_name: by_name
                .map(|name| Ok((name, issue(name, &authority)?)))
                .collect::<anyhow::Result<_>>()?,
            shops: issue(&format!("*.{SHOP}"), &authority)?,
        };
        Ok((certificates, authority.pem()))
    }
}

fn issue(name: &str, authority: &CertifiedIssuer<'_, KeyPair>) -> anyhow::Result<Arc<CertifiedKey>> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Umbra bench server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow!("{error}"))?;
    Ok(Arc::new(CertifiedKey::new(
        vec![certificate.der().clone()],
        any_supported_type(&private)?,
    )))
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?;
        Some(Arc::clone(self.by_name.get(name).unwrap_or(&self.shops)))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}
