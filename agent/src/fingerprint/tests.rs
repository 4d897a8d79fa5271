use umbra_catalog::Catalogue;

use super::fingerprint;

#[test]
fn one_catalogue_has_one_fingerprint_and_another_has_another() {
    let own = fingerprint(&Catalogue::builtin());
    assert_eq!(own, fingerprint(&Catalogue::builtin()));
    assert_eq!(own.len(), 16);
    let without = Catalogue::with_override_text("own.toml", "[disable]\nhosts = [\"api.openai.com\"]\n");
    assert_ne!(own, fingerprint(&without.expect("a catalogue")));
}
