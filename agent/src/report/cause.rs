use std::{error, io};

use jiff::Timestamp;
use rustls::CertificateError;
use rustls::pki_types::UnixTime;

/// Why a request failed, in words: the innermost cause ('error sending request' helps nobody, 'connection refused'
/// does), and of a certificate that is not believed what to do.
pub(crate) fn cause(error: &(dyn error::Error + 'static)) -> String {
    let mut inner = error;
    loop {
        if let Some(rustls::Error::InvalidCertificate(fault)) = tls(inner) {
            return certificate(fault);
        }
        match inner.source() {
            Some(source) => inner = source,
            None => return inner.to_string(),
        }
    }
}

/// The error of TLS, also where it travels inside an error of I/O, whose `source` passes over it.
fn tls<'a>(error: &'a (dyn error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    tls(error.downcast_ref::<io::Error>()?.get_ref()?)
}

fn certificate(fault: &CertificateError) -> String {
    let time = |time: UnixTime| {
        i64::try_from(time.as_secs())
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map_or_else(|| "unknown".to_owned(), |time| time.to_string())
    };
    match fault {
        CertificateError::ExpiredContext { time: now, not_after } => format!(
            "its certificate ended at {}, and by this host's clock it is {}: set this host's clock (timedatectl), or \
             see why the collector has no newer certificate",
            time(*not_after),
            time(*now)
        ),
        CertificateError::NotValidYetContext {
            time: now,
            not_before,
        } => format!(
            "its certificate begins at {}, and by this host's clock it is {}: set this host's clock (timedatectl), or \
             the collector's",
            time(*not_before),
            time(*now)
        ),
        CertificateError::UnknownIssuer => {
            "its certificate is not from an authority that this agent trusts: check the \
             address, that the token is this collector's, and that nothing opens TLS on the way"
                .to_owned()
        }
        CertificateError::NotValidForNameContext { expected, .. } => format!(
            "its certificate is not for {}: add this name to names under [agents] in the collector's configuration",
            expected.to_str()
        ),
        other => format!(
            "its certificate is not good: {}",
            rustls::Error::InvalidCertificate(other.clone())
        ),
    }
}

#[cfg(test)]
mod tests;
