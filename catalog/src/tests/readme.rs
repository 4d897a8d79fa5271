//! The examples of `README.md` hold what they promise.

use crate::{Catalogue, Kind, lint, source};

/// The `index`th block of TOML.
fn example(index: usize) -> &'static str {
    let blocks = include_str!("../../README.md").split("```toml\n").skip(1);
    let mut texts = blocks.map(|block| block.split_once("```").expect("the block ends").0);
    texts.nth(index).expect("there is such an example")
}

#[test]
fn a_vendors_file() {
    let vendor = source::vendor("README.md", example(0)).unwrap();
    assert_eq!((vendor.name.as_str(), vendor.services.len()), ("Acme", 2));
    let report = lint::tests::lint(&[("acme.toml", example(0).to_owned())]);
    assert_eq!(report.problems, []);
}

#[test]
fn a_file_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, example(1)).unwrap();
    assert_eq!(lint::own_file(&path).unwrap().problems, []);

    let catalogue = Catalogue::with_override(&path).unwrap();
    let found = |name| {
        let found = catalogue.lookup(name)?;
        Some((found.vendor_name(), found.service_name(), found.kind()))
    };
    assert_eq!(
        found("eu.llm.acme.example"),
        Some(("Acme internal", "LLM gateway", Kind::Gateway))
    );
    assert_eq!(
        found("openai-proxy.acme.example"),
        Some(("OpenAI", "OpenAI API", Kind::Api))
    );
    assert_eq!(found("api.openai.com"), Some(("OpenAI", "OpenAI API", Kind::Api)));
    for gone in ["platform.openai.com", "app.grammarly.com", "huggingface.co"] {
        assert_eq!(found(gone), None, "{gone}");
    }
    let openai = catalogue.vendor("OpenAI").unwrap();
    assert_eq!(openai.eu_residency.to_string(), "offered");
    assert_eq!(openai.headquarters.to_string(), "US");
}
