use std::os::unix::fs::MetadataExt as _;

use super::*;

fn request(key: &KeyPair) -> String {
    CertificateParams::default()
        .serialize_request(key)
        .and_then(|request| request.pem())
        .expect("a request")
}

#[test]
fn an_authority_is_made_once_and_its_key_is_private() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Authority::open(directory.path(), None).expect("an authority");
    let again = Authority::open(directory.path(), None).expect("the same");
    assert_eq!(first.fingerprint(), again.fingerprint());
    let mode = std::fs::metadata(directory.path().join("authority.key"))
        .expect("the key")
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let given = Tls {
        cert: directory.path().join("authority.pem"),
        key: directory.path().join("authority.key"),
    };
    let elsewhere = tempfile::tempdir().expect("a directory");
    let given = Authority::open(elsewhere.path(), Some(&given)).expect("the given one");
    assert_eq!(given.fingerprint(), first.fingerprint());
    assert!(!elsewhere.path().join("authority.pem").exists());

    std::fs::write(directory.path().join("authority.pem"), "nothing").expect("a file");
    let error = Authority::open(directory.path(), None)
        .expect_err("damaged")
        .to_string();
    assert!(
        error.contains("authority.pem") && error.contains("new token"),
        "{error}"
    );
}

#[test]
fn a_certificate_is_for_the_key_that_asks_and_for_so_long() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::open(directory.path(), None).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let now: Timestamp = "2026-11-26T12:00:00.7Z".parse().expect("a time");
    let life = Duration::from_secs(90);
    let agent = Uuid::new_v4();
    let issue = || {
        authority
            .issue(agent, &request(&key), life, now)
            .expect("a certificate")
    };
    let (one, two) = (issue(), issue());
    assert_eq!(one.key, two.key);
    assert_ne!(one.fingerprint, two.fingerprint);
    assert_eq!(
        one.not_after,
        "2026-11-26T12:01:30Z".parse::<Timestamp>().expect("a time")
    );
    assert_eq!(
        one.not_before,
        "2026-11-26T11:00:00Z".parse::<Timestamp>().expect("a time")
    );

    let mut garbled = request(&key);
    let middle = garbled.len() / 2;
    let byte = if garbled.as_bytes()[middle] == b'A' {
        "B"
    } else {
        "A"
    };
    garbled.replace_range(middle..=middle, byte);
    for wrong in ["", "nothing", &garbled] {
        assert!(authority.issue(agent, wrong, life, now).is_err(), "{wrong}");
    }
}
