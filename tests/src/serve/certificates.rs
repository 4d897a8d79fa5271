use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// What a client gets that sends no name.
const NAMELESS: &str = "localhost";

/// An authority that issues a certificate for any name when it is first asked for.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Authority {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Umbra test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?,
            issued: Mutex::default(),
        })
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes a certificate for the name, and its key, as `NAME.pem` and `NAME.key`.
    pub(super) fn write(&self, name: &str, dir: &Path) -> anyhow::Result<()> {
        let (certificate, key) = self.sign(name)?;
        fs::write(dir.join(format!("{name}.pem")), certificate.pem())?;
        fs::write(dir.join(format!("{name}.key")), key.serialize_pem())?;
        Ok(())
    }

    fn issue(&self, name: &str) -> anyhow::Result<CertifiedKey> {
        let (certificate, key) = self.sign(name)?;
        let private =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(CertifiedKey::new(
            vec![certificate.der().clone()],
            any_supported_type(&private)?,
        ))
    }

    fn sign(&self, name: &str) -> anyhow::Result<(Certificate, KeyPair)> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        // The name is not repeated in the subject: a common name holds 64 characters at most.
        params
            .distinguished_name
            .push(DnType::CommonName, "Umbra test server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((certificate, key))
    }
}

impl ResolvesServerCert for Authority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().unwrap_or(NAMELESS);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = issued.get(name) {
            return Some(Arc::clone(key));
        }
        let key = match self.issue(name) {
            Ok(key) => Arc::new(key),
            Err(error) => {
                eprintln!("umbra-testbed: no certificate for {name}: {error:#}");
                return None;
            }
        };
        issued.insert(name.to_owned(), Arc::clone(&key));
        Some(key)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}
