use std::time::Duration;

use super::*;

#[test]
fn a_wrong_clock_is_told_from_a_wrong_authority() {
    let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    for (fault, parts) in [
        (
            CertificateError::ExpiredContext {
                time: at(4_000_000_000),
                not_after: at(1_800_000_000),
            },
            ["clock it is 2096-10-02T07:06:40Z", "timedatectl"],
        ),
        (
            CertificateError::NotValidYetContext {
                time: at(0),
                not_before: at(1_800_000_000),
            },
            ["clock it is 1970-01-01T00:00:00Z", "timedatectl"],
        ),
        (
            CertificateError::UnknownIssuer,
            ["not from an authority", "token"],
        ),
    ] {
        // As hyper hands it on: inside an error of I/O.
        let error = io::Error::other(io::Error::other(rustls::Error::InvalidCertificate(fault)));
        let text = cause(&error);
        for part in parts {
            assert!(text.contains(part), "{text}");
        }
    }
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(cause(&refused), "connection refused");
}
