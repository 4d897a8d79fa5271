use std::fs;

use super::*;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    fs::write(&file, text).unwrap();
    Config::load(Some(&file)).map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), ""))
}

#[test]
fn the_reference_says_the_defaults() {
    assert_eq!(toml::from_str::<Config>(REFERENCE).unwrap(), Config::default());
}

#[test]
fn every_key_of_the_reference_is_known() {
    // The keys without a default are commented out: `# key = value`.
    let uncommented: Vec<_> = REFERENCE
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| is_assignment(rest))
                .unwrap_or(line)
        })
        .collect();
    let config: Config = toml::from_str(&uncommented.join("\n")).unwrap();
    assert_eq!(
        config.report.collector.unwrap().to_string(),
        "https://umbra.example:8443"
    );
    assert_eq!(config.metrics.listen.unwrap().port(), 9600);
    assert_eq!(config.containers.kubelet.unwrap().port(), 10255);
    assert!(
        config.report.ca_file.is_some()
            && config.catalogue.file.is_some()
            && config.spool.directory.is_some()
    );
}

fn is_assignment(line: &str) -> bool {
    line.split_once(" = ")
        .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[test]
fn what_is_wrong_has_a_file_a_line_and_a_remedy() {
    for (text, expected) in [
        (
            "[report]\ncollektor = \"x\"\n",
            "/agent.toml, line 2: unknown field `collektor`, expected one of `collector`",
        ),
        (
            "\n\n[repot]\n",
            "/agent.toml, line 3: unknown field `repot`, expected one of `report`",
        ),
        (
            "[report]\n\ninterval_seconds = 0\n",
            "line 3: 0 is out of range: give a number from 1 to 3600",
        ),
        (
            "[report]\ninterval_seconds = -7\n",
            "line 2: -7 is out of range: give a number from 1 to 3600",
        ),
        (
            "[report]\ninterval_seconds = \"a\"\n",
            "line 2: invalid type: string \"a\", expected i64",
        ),
        (
            "[report]\ncollector = \"umbra.example\"\n",
            "line 2: `umbra.example` is not a collector's address: write",
        ),
        (
            "[metrics]\nlisten = \"0.0.0.0:9600\"\n",
            "metrics would be readable by other hosts at 0.0.0.0:9600",
        ),
        ("[metrics]\nlisten = \"here\"\n", "line 2: invalid socket address"),
        ("[report\n", "line 1: "),
        ("[spool]\nmax_bytes = 1\n", "line 2: 1 is out of range"),
    ] {
        let message = load(text).unwrap_err();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(
            message.contains("agent/agent.toml of the sources") && !message.contains('\n'),
            "{message}"
        );
    }
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_asked_for() {
    let message = Config::load(Some(Path::new("/nonexistent/agent.toml")))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("cannot read the configuration /nonexistent/agent.toml"),
        "{message}"
    );
}

#[test]
fn metrics_may_leave_the_host_when_said_so() {
    let config = load("[metrics]\nlisten = \"0.0.0.0:9600\"\nallow_remote = true\n").unwrap();
    assert_eq!(config.metrics.listen.unwrap().to_string(), "0.0.0.0:9600");
}

#[test]
fn a_collectors_address_is_a_base() {
    let url = |text: &str| text.parse::<CollectorUrl>();
    assert_eq!(
        url("https://c.example").unwrap().reports().as_str(),
        "https://c.example/v1/reports"
    );
    assert_eq!(
        url("http://[::1]:80/umbra/").unwrap().reports().as_str(),
        "http://[::1]/umbra/v1/reports"
    );
    assert!(url("http://127.0.0.1:8080").unwrap().is_loopback());
    assert!(!url("http://127.0.0.1:8080").unwrap().is_exposed());
    assert!(url("http://[::1]:8080").unwrap().is_loopback());
    assert!(url("http://10.0.0.1").unwrap().is_exposed());
    for bad in [
        "",
        "c.example",
        "c.example:443",
        "ftp://c.example",
        "https://u:p@c.example",
        "https://c.example/?a=1",
    ] {
        assert!(url(bad).is_err(), "{bad}");
    }
}
