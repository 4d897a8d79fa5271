use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};

use super::{AuthorityError, Pair, named};

/// Years of an authority that is made here: replacing it means a new token for every agent.
const YEARS: i32 = 20;

pub(super) fn read(path: &Path) -> Result<String, AuthorityError> {
    fs::read_to_string(path).map_err(|source| AuthorityError::File {
        verb: "read",
        path: path.to_owned(),
        source,
    })
}

/// The files of the authority in `data`, which is made when neither is there.
pub(super) fn own(data: &Path) -> Result<(PathBuf, PathBuf), AuthorityError> {
    let (cert, key) = (data.join("authority.pem"), data.join("authority.key"));
    if cert.exists() {
        return Ok((cert, key));
    }
    let pair = if key.exists() {
        // A start that was cut off between the two.
        KeyPair::from_pem(&read(&key)?)?
    } else {
        let pair = KeyPair::generate()?;
        write(&key, &pair.serialize_pem())?;
        pair
    };
    write(&cert, &certificate(&pair)?)?;
    Ok((cert, key))
}

/// A new authority.
pub(super) fn new() -> Result<Pair, rcgen::Error> {
    let key = KeyPair::generate()?;
    Ok(Pair {
        certificate: certificate(&key)?,
        key: key.serialize_pem(),
    })
}

/// The certificate of an authority with this key, PEM.
fn certificate(pair: &KeyPair) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    // The number tells authorities apart for whoever looks at two of them.
    let number = uuid::Uuid::new_v4().simple().to_string();
    params.distinguished_name = named(&format!("Umbra authority {}", &number[..8]));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let year = i32::from(now.year());
    params.not_before = rcgen::date_time_ymd(year - 1, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + YEARS, 1, 1);
    Ok(params.self_signed(pair)?.pem())
}

/// For this user alone, whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), AuthorityError> {
    let new = path.with_extension("new");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, path)
        });
    written.map_err(|source| AuthorityError::File {
        verb: "write",
        path: path.to_owned(),
        source,
    })
}
