//! Tests of the whole catalogue.

use crate::Catalogue;

#[test]
fn finds_names_at_label_boundaries() {
    let catalogue = Catalogue::builtin();
    let found = catalogue.lookup("API.openai.com.").expect("listed");
    assert_eq!(
        (found.vendor_name(), found.service_name()),
        ("OpenAI", "OpenAI API")
    );
    assert!(catalogue.lookup("notopenai.com").is_none());
    assert!(catalogue.lookup("api.openai.com.evil.net").is_none());
}
