use std::path::Path;

use super::folder;

#[test]
fn the_shipped_catalogue_is_clean() {
    let report = folder(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(report.vendors >= 300, "{} vendors", report.vendors);
    assert!(report.patterns >= 600, "{} patterns", report.patterns);
    println!("{report:?}");
}
