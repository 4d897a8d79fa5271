use super::*;

#[test]
fn kernels_are_compared_by_number() {
    for release in [
        "5.10.0",
        "5.10.226-1-amd64",
        "6.1.0-56-cloud-amd64",
        "6.18.5+",
        "10.0",
    ] {
        assert_eq!(kernel(release), Ok(release.to_owned()));
    }
    for release in ["5.9.16", "4.19.0-27-amd64", "nonsense"] {
        assert!(
            kernel(release).unwrap_err().contains("5.10 or later"),
            "{release}"
        );
    }
}

#[test]
fn one_failure_makes_the_host_unfit_and_is_counted() {
    let mut table = Table::default();
    table.add("kernel", Ok("6.1.0".to_owned()));
    assert!(table.is_fit() && table.to_string().contains("is ready"));
    table.add("cgroup v2", Err("cannot be mounted: run as root".to_owned()));
    let text = table.to_string();
    assert!(!table.is_fit());
    assert!(
        text.contains("FAILED  cgroup v2         cannot be mounted: run as root\n"),
        "{text}"
    );
    assert!(text.contains("1 thing is in the way"), "{text}");
}

#[test]
fn a_bad_configuration_is_a_row() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "[spol]\n").unwrap();
    let table = check(Some(file.path()));
    let row = &table.rows()[0];
    assert_eq!(row.subject, "configuration");
    assert!(
        row.finding.as_ref().is_err_and(|text| text.contains("spol")),
        "{row:?}"
    );
}
