use super::{Hasher, NOBODY, Password, PasswordError};

#[test]
fn what_is_short_long_or_easy_is_refused_and_a_phrase_is_not() {
    let refused = |text: &str| Password::new(text, "eve.example").expect_err(text);
    assert_eq!(refused("14 characters!"), PasswordError::Short);
    // Characters count, and not bytes.
    assert_eq!(refused("ééééééééééé"), PasswordError::Short);
    assert_eq!(refused(&"a long phrase".repeat(100)), PasswordError::Long);
    for easy in [
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "123456789012345678",
        "qwertyuiopasdfghjkl",
        "Eve.Example-eve.example",
        "PasswordPassword1",
        "umbra-collector-admin",
    ] {
        assert_eq!(refused(easy), PasswordError::Easy, "{easy}");
    }
    for good in [
        "correct horse battery staple",
        "7ee02a6d9b1c4f38",
        "быстрая лиса прыгает",
        "quiet rivers 1234",
        &"long and good, ".repeat(60),
    ] {
        assert!(Password::new(good, "eve.example").is_ok(), "{good}");
    }
}

#[tokio::test]
async fn a_hash_is_argon2id_with_a_salt_and_fits_its_password_alone() {
    let hasher = Hasher::default();
    // As one keyboard writes it, and as another.
    let composed = Password::new("caf\u{e9} au lait, s'il vous plait", "eve").expect("a password");
    let hash = hasher.hash(composed.clone()).await.expect("a hash");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_ne!(
        hasher.hash(composed).await.expect("a hash"),
        hash,
        "the salt differs"
    );
    for (text, fits) in [
        ("cafe\u{301} au lait, s'il vous plait", true),
        ("caf\u{e9} au lait, s'il vous plait ", false),
        ("", false),
    ] {
        let right = hasher.is_right(text, Some(hash.clone())).await;
        assert_eq!(right.expect("an answer"), fits, "{text}");
    }
    let nobody = hasher.is_right("correct horse battery staple", None).await;
    assert!(!nobody.expect("an answer"));
}

#[test]
fn who_does_not_exist_costs_as_much() {
    // The same parameters, salt and length: so it is the same work.
    let hash = Password::new("correct horse battery staple", "eve")
        .expect("a password")
        .hash()
        .expect("a hash");
    let [ours, nobodys] =
        [hash.as_str(), NOBODY].map(|hash| hash.split('$').map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(ours[..4], nobodys[..4]);
    assert_eq!(
        ours.iter().map(String::len).collect::<Vec<_>>(),
        nobodys.iter().map(String::len).collect::<Vec<_>>()
    );
    argon2::password_hash::phc::PasswordHash::new(NOBODY).expect("a hash");
}
