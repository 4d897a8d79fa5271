//! The authority that agents' certificates come from, and the collector's own for agents: made in the data directory
//! at the first start, or given by the configuration. Why not an authority that is there already: ADR 0010.

mod files;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use uuid::Uuid;

use crate::config::{Settings, Tls};
use crate::store::{Location, Pair, Store, StoreError};

/// How far an agent's clock may be behind when it gets a certificate.
const BACKDATED: Duration = Duration::from_hours(1);
/// How long the collector's own certificate is good. A new one is made at each start and each day.
const SERVER_LIFE: Duration = Duration::from_hours(24 * 30);

/// The authority cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its files cannot be read or written.
    #[error(
        "cannot {verb} {}, a file of the authority for agents: {source}; see that this user may, or give another one as cert and key under [agents.authority]",
        path.display()
    )]
    File {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Its files hold something else.
    #[error(
        "{} is no certificate and key of an authority in PEM: {reason}; put the right files there (authority.pem and authority.key from a backup), or remove both for a new authority, for which every agent needs a new token",
        path.display()
    )]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The one in the database is none.
    #[error(
        "the authority in the database is damaged: {0}; restore the table `authority` from a backup, or empty it for a new authority, for which every agent needs a new token"
    )]
    Kept(String),
    /// The store that has it cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}; see that the names under [agents] are host names or addresses")]
    Make(#[from] rcgen::Error),
}

/// The authority of a collector that runs with `settings`: a given one, one in the data directory beside SQLite, or
/// one in PostgreSQL, so that no collector has a file that the others lack.
pub async fn of(settings: &Settings, store: &Store) -> Result<Authority, AuthorityError> {
    match (settings.location(), &settings.authority) {
        (Location::Postgres(_), None) => Authority::shared(store).await,
        (_, given) => Authority::open(&settings.data, given.as_ref()),
    }
}

/// Which half is no PEM, and why.
enum Wrong {
    Certificate(String),
    Key(String),
}

/// The authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

/// A certificate for an agent.
#[derive(Clone, Debug)]
pub struct Issued {
    /// PEM.
    pub certificate: String,
    /// SHA-256 of it (DER), in hexadecimal digits.
    pub fingerprint: String,
    /// SHA-256 of the agent's public key.
    pub key: String,
    /// From when it is good.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

impl Authority {
    /// The given one; without it the one in `data`, which is made when it is not there.
    pub fn open(data: &Path, given: Option<&Tls>) -> Result<Self, AuthorityError> {
        let (cert, key) = match given {
            Some(given) => (given.cert.clone(), given.key.clone()),
            None => files::own(data)?,
        };
        let pair = Pair {
            certificate: files::read(&cert)?,
            key: files::read(&key)?,
        };
        Self::from_pair(pair).map_err(|wrong| match wrong {
            Wrong::Certificate(reason) => AuthorityError::Wrong { path: cert, reason },
            Wrong::Key(reason) => AuthorityError::Wrong { path: key, reason },
        })
    }

    /// The one that collectors share through their database, which is made when none is there.
    pub async fn shared(store: &Store) -> Result<Self, AuthorityError> {
        let mut kept = store.authority().await?;
        if kept.is_none() {
            store.offer_authority(&files::new()?, Timestamp::now()).await?;
            // Another collector may have been first.
            kept = store.authority().await?;
        }
        kept.ok_or(Wrong::Certificate("there is none".to_owned()))
            .and_then(Self::from_pair)
            .map_err(|(Wrong::Certificate(reason) | Wrong::Key(reason))| AuthorityError::Kept(reason))
    }

    fn from_pair(pair: Pair) -> Result<Self, Wrong> {
        let certificate = |error: &dyn std::fmt::Display| Wrong::Certificate(error.to_string());
        let key = KeyPair::from_pem(&pair.key).map_err(|error| Wrong::Key(error.to_string()))?;
        let der = <CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(
            pair.certificate.as_bytes(),
        )
        .map_err(|error| certificate(&error))?;
        let issuer = Issuer::from_ca_cert_der(&der, key).map_err(|error| certificate(&error))?;
        Ok(Self {
            issuer,
            der,
            pem: pair.certificate,
        })
    }

    /// What is in every token.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.der)
    }

    /// The certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The certificate.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// A certificate for the key of `request` (PKCS #10, PEM), whose signature must be right.
    pub fn issue(
        &self,
        agent: Uuid,
        request: &str,
        life: Duration,
        now: Timestamp,
    ) -> Result<Issued, rcgen::Error> {
        let key = CertificateSigningRequestParams::from_pem(request)?.public_key;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(&agent.to_string());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (not_before, not_after) = period(&mut params, life, now);
        // Two certificates of one second for one key would else be one.
        params.serial_number = Some(Uuid::new_v4().as_bytes()[..].to_vec().into());
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued {
            fingerprint: fingerprint(certificate.der()),
            key: fingerprint(key.der_bytes()),
            certificate: certificate.pem(),
            not_before,
            not_after,
        })
    }

    /// A new certificate of the collector for these names, with its chain and key.
    pub fn server(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = named("umbra-collector");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        period(&mut params, SERVER_LIFE, now);
        let certificate = params.signed_by(&key, &self.issuer)?;
        // The authority goes along, because an agent with a token knows no more of it than its fingerprint.
        Ok((
            vec![certificate.der().clone(), self.der.clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        ))
    }
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn fingerprint(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Sets from when to when a certificate is good, in whole seconds as X.509 has it.
fn period(params: &mut CertificateParams, life: Duration, now: Timestamp) -> (Timestamp, Timestamp) {
    let now = u64::try_from(now.as_second()).unwrap_or_default();
    let (from, to) = (
        now.saturating_sub(BACKDATED.as_secs()),
        now.saturating_add(life.as_secs()),
    );
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + Duration::from_secs(from);
    params.not_after = epoch + Duration::from_secs(to);
    let time = |seconds| {
        i64::try_from(seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .unwrap_or(Timestamp::MAX)
    };
    (time(from), time(to))
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Authority")
            .field(&self.fingerprint())
            .finish()
    }
}

#[cfg(test)]
mod tests;
