//! The shipped catalogue is clean, and every kind of fault is found where it stands.

use std::{fs, path::Path};

use super::{Report, folder, own_file};

/// A catalogue of the given vendor files, with the shipped rules.
pub(crate) fn lint(files: &[(&str, String)]) -> Report {
    let catalog = tempfile::tempdir().unwrap();
    for rules in ["sources.toml", "shared-domains.toml"] {
        fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(rules),
            catalog.path().join(rules),
        )
        .unwrap();
    }
    fs::create_dir(catalog.path().join("vendors")).unwrap();
    for (name, text) in files {
        fs::write(catalog.path().join("vendors").join(name), text).unwrap();
    }
    folder(catalog.path()).unwrap()
}

fn pattern(host: &str, reach: &str) -> String {
    format!(
        "  {{ host = \"{host}\", match = \"{reach}\", kind = \"api\", confidence = \"medium\", sources = [\"v2fly\"], verified_on = \"2026-01-31\" }},\n"
    )
}

/// A vendor whose first pattern stands on line 5.
fn vendor(name: &str, patterns: &str) -> String {
    format!("name = \"{name}\"\n[[service]]\nname = \"API\"\npatterns = [\n{patterns}]\n")
}

#[track_caller]
fn expect(report: &Report, line: usize, subject: &str, message: &str) {
    let found = report.problems.iter().any(|problem| {
        (problem.line, &*problem.subject) == (line, subject) && problem.message.contains(message)
    });
    assert!(
        found,
        "no `{message}` of {subject}:{line} in {:#?}",
        report.problems
    );
}

#[test]
fn the_shipped_catalogue_is_clean() {
    let report = folder(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(report.vendors >= 300, "{} vendors", report.vendors);
    assert!(report.patterns >= 600, "{} patterns", report.patterns);
}

#[test]
fn the_files_are_the_built_in_catalogue() {
    let report = folder(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let builtin = crate::Catalogue::builtin();
    assert_eq!(report.vendors, builtin.vendors().len());
    assert_eq!(report.patterns, builtin.patterns().count());
    assert_eq!(report.trie_entries, builtin.trie().len());
}

#[test]
fn a_good_file_has_no_problems() {
    let report = lint(&[("acme.toml", vendor("Acme", &pattern("api.acme.com", "exact")))]);
    assert_eq!(report.problems, []);
    assert_eq!((report.vendors, report.services, report.patterns), (1, 1, 1));
}

#[test]
fn duplicates_are_found_in_one_file_and_across_files() {
    let twice = pattern("api.acme.com", "exact").repeat(2);
    expect(
        &lint(&[("a.toml", vendor("Acme", &twice))]),
        6,
        "api.acme.com",
        "a.toml:5 already",
    );
    let files = [
        ("a.toml", vendor("Acme", &pattern("acme.com", "suffix"))),
        ("b.toml", vendor("ACME", &pattern("acme.com", "suffix"))),
    ];
    let report = lint(&files);
    expect(&report, 5, "acme.com", "a.toml:5 already");
    expect(&report, 1, "ACME", "names a vendor of");
}

#[test]
fn over_broad_patterns_are_found() {
    let cases = [
        ("googleapis.com", "suffix", "covers every Google API"),
        ("*.googleapis.com", "exact", "covers every Google API"),
        ("*.*.azure.com", "suffix", "covers all of Azure"),
        ("cognitiveservices.azure.com", "suffix", "covers vision"),
        ("github.com", "suffix", "covers code hosting"),
        ("co.uk", "suffix", "a public suffix"),
        ("*.co.uk", "exact", "a public suffix"),
        ("api.*.com", "exact", "a wildcard in front of a public suffix"),
        ("*-ai.com", "exact", "a wildcard in front of a public suffix"),
        ("vercel.app", "suffix", "covers sites of Vercel's customers"),
        ("netlify.app", "suffix", "a public suffix"),
    ];
    for (host, reach, message) in cases {
        expect(
            &lint(&[("a.toml", vendor("Acme", &pattern(host, reach)))]),
            5,
            host,
            message,
        );
    }
    for (host, reach) in [
        ("api.github.ai", "exact"),
        ("*.cognitiveservices.azure.com", "exact"),
        ("x.co.uk", "suffix"),
    ] {
        assert_eq!(
            lint(&[("a.toml", vendor("Acme", &pattern(host, reach)))]).problems,
            []
        );
    }
}

#[test]
fn names_that_must_stay_out_are_found() {
    let report = lint(&[(
        "a.toml",
        vendor("Acme", &pattern("substrate.office.com", "exact")),
    )]);
    expect(
        &report,
        5,
        "substrate.office.com",
        "matches `substrate.office.com`, which must stay out",
    );
}

#[test]
fn dates_sources_and_confidence_are_checked() {
    let good = pattern("api.acme.com", "exact");
    let cases = [
        (
            good.replace("2026-01-31", "2226-01-31"),
            "verified on 2226-01-31, which is to come",
        ),
        (good.replace("[\"v2fly\"]", "[]"), "has no source"),
        (good.replace("v2fly", "hearsay"), "names the source `hearsay`"),
        (
            good.replace("v2fly", "curated"),
            "more than low confidence without a sound source",
        ),
        (
            good.replace("medium", "high"),
            "high confidence on one list's word",
        ),
    ];
    for (patterns, message) in cases {
        expect(
            &lint(&[("a.toml", vendor("Acme", &patterns))]),
            5,
            "api.acme.com",
            message,
        );
    }
    let report = lint(&[(
        "a.toml",
        vendor("Acme", &good.replace("2026-01-31", "2026-02-31")),
    )]);
    assert_eq!(
        (report.problems.len(), report.problems[0].line),
        (1, 5),
        "{:#?}",
        report.problems
    );
}

#[test]
fn two_lists_or_the_vendors_own_word_make_high_confidence() {
    for sources in [
        "\"v2fly\", \"litellm\"",
        "\"vendor-docs\"",
        "\"https://acme.com/docs\"",
    ] {
        let pattern = pattern("api.acme.com", "exact")
            .replace("medium", "high")
            .replace("\"v2fly\"", sources);
        assert_eq!(lint(&[("a.toml", vendor("Acme", &pattern))]).problems, []);
    }
}

#[test]
fn empty_parts_are_found_where_they_stand() {
    let text = "name = \"Acme \"\n\n[[service]]\nname = \"API\"\npatterns = []\n\n[[exclude]]\nhost = \"docs.acme.com\"\nmatch = \"exact\"\nreason = \"\"\n";
    let report = lint(&[("a.toml", text.to_owned())]);
    expect(&report, 1, "name", "spaces around it");
    expect(&report, 4, "API", "has no patterns");
    expect(&report, 8, "docs.acme.com", "without a reason");
}

#[test]
fn an_exact_pattern_that_its_suffix_says_already_is_found() {
    let patterns = pattern("acme.com", "suffix") + &pattern("api.acme.com", "exact");
    expect(
        &lint(&[("a.toml", vendor("Acme", &patterns))]),
        6,
        "api.acme.com",
        "the suffix `acme.com`",
    );
    let differs =
        pattern("acme.com", "suffix") + &pattern("cdn.acme.com", "exact").replace("\"api\"", "\"cdn\"");
    assert_eq!(lint(&[("a.toml", vendor("Acme", &differs))]).problems, []);
}

#[test]
fn files_that_do_not_parse_are_problems_with_a_line() {
    expect(
        &lint(&[("a.toml", "name = \"Acme\"\nowner = \"x\"\n".to_owned())]),
        2,
        "TOML",
        "unknown field `owner`",
    );
    expect(
        &lint(&[("a.toml", vendor("Acme", &pattern("API.acme.com", "exact")))]),
        5,
        "API.acme.com",
        "capital",
    );
    let link = vendor("Acme", &pattern("acme.com", "suffix")) + "[links]\nhomepage = \"http://acme.com\"\n";
    expect(&lint(&[("a.toml", link)]), 8, "homepage", "not an https address");
}

fn own(text: &str) -> Result<Report, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    fs::write(&path, text).unwrap();
    own_file(&path).map_err(|error| error.to_string().replace(&*path.to_string_lossy(), "own.toml"))
}

#[test]
fn a_users_own_file_is_checked_with_the_shipped_rules() {
    let text =
        vendor("Acme", &pattern("amazonaws.com", "suffix")).replace("[[service]]", "[[vendor.service]]");
    let report = own(&format!("[[vendor]]\n{text}")).unwrap();
    expect(&report, 6, "amazonaws.com", "covers every AWS service");
    expect(
        &report,
        6,
        "amazonaws.com",
        "`s3.amazonaws.com` and 15 more names",
    );
    assert_eq!(report.problems.len(), 2, "{:#?}", report.problems);
}

#[test]
fn a_users_own_file_is_laid_over_the_catalogue() {
    let builtin = crate::Catalogue::builtin().trie().len();
    let text =
        vendor("Acme", &pattern("llm.acme.example", "suffix")).replace("[[service]]", "[[vendor.service]]");
    let report = own(&format!("[[vendor]]\n{text}")).unwrap();
    assert_eq!((report.vendors, report.problems), (1, Vec::new()));
    assert!(report.trie_entries > builtin);
    let refused = own("[disable]\nvendors = [\"Nobody\"]\n").unwrap_err();
    assert!(
        refused.starts_with("own.toml:2: cannot disable vendor `Nobody`"),
        "{refused}"
    );
}
