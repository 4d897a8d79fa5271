use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Settings from a file's text, and options over it.
fn load(text: &str, mut options: Options) -> Result<Settings, ConfigError> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("umbra.toml");
    fs::write(&path, text).expect("a file");
    options.config = Some(path);
    Settings::load(options)
}

fn refusal(text: &str) -> String {
    load(text, Options::default()).expect_err(text).to_string()
}

#[test]
fn nothing_but_a_data_directory_has_to_be_said() {
    let data = Some("/data".into());
    let settings = Settings::load(Options {
        data,
        ..Options::default()
    })
    .expect("settings");
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8600");
    assert_eq!(settings.data, Path::new("/data"));
    assert!(settings.tls.is_none() && settings.all_routes().is_empty() && settings.page.is_none());
}

#[test]
fn options_stand_over_the_file() {
    let file = "listen = '127.0.0.1:1'\ndata = '/file'\n[webhook]\nurl = 'https://file.example/hook'\n\
                [tls]\ncert = 'file.pem'\nkey = 'file.key'\n";
    let settings = load(file, Options::default()).expect("settings");
    assert_eq!(
        (settings.listen.port(), settings.data.as_path()),
        (1, Path::new("/file"))
    );

    let options = Options {
        listen: Some(([127, 0, 0, 1], 2).into()),
        data: Some("/option".into()),
        webhook: Some("http://option.example/hook".to_owned()),
        tls_cert: Some("option.pem".into()),
        ..Options::default()
    };
    let settings = load(file, options).expect("settings");
    assert_eq!(
        (settings.listen.port(), settings.data.as_path()),
        (2, Path::new("/option"))
    );
    let url = "http://option.example/hook".parse().expect("a URL");
    assert_eq!(settings.all_routes(), [Route::webhook(url)]);
    let tls = settings.tls.expect("TLS");
    assert_eq!(
        (tls.cert.as_path(), tls.key.as_path()),
        (Path::new("option.pem"), Path::new("file.key"))
    );
}

#[test]
fn the_readme_shows_a_file_that_works_and_names_every_key() {
    let readme = include_str!("../../README.md");
    let example = readme
        .split_once("```toml\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (example, _) = example.expect("an example");
    let settings = load(example, Options::default()).expect("settings");
    assert!(settings.tls.is_some() && settings.webhook.is_some() && settings.page.is_some());
    assert!(!settings.hosts.is_empty());
    // The parser names the keys that it knows when it meets another.
    for section in [
        "",
        "[tls]\n",
        "[webhook]\n",
        "[page]\n",
        "[retention]\n",
        "[limits]\n",
    ] {
        let error = refusal(&format!("{section}mood = 1\n"));
        let known = error
            .split('`')
            .skip(3)
            .step_by(2)
            .filter(|key| key.chars().all(char::is_lowercase));
        for key in known {
            assert!(readme.contains(key), "{key} is not in the README");
        }
    }
}

#[test]
fn the_page_of_alerts_shows_routes_that_work() {
    let page = include_str!("../../../docs/ALERTS.md");
    let mut kinds = Vec::new();
    for example in page.split("```toml\n").skip(1) {
        let (example, _) = example.split_once("```").expect("its end");
        let head = if example.starts_with("[[routes]]") {
            ""
        } else {
            "[[routes]]\nname = 'soc'\n"
        };
        let settings = load(&format!("data = '/data'\n{head}{example}"), Options::default()).expect(example);
        kinds.push(settings.routes[0].receiver.kind());
    }
    assert_eq!(
        kinds,
        ["slack", "webhook", "slack", "email", "alertmanager", "syslog"]
    );
}

#[test]
fn a_route_that_cannot_be_is_refused_with_the_remedy() {
    let slack = "[routes.slack]\nurl = 'https://hooks.example/secret'\n";
    for (text, part) in [
        ("name = 'soc'\n", "needs exactly one of webhook, slack"),
        (
            "name = 'soc'\n[routes.slack]\nurl = 'https://a.example'\n[routes.alertmanager]\nurl = 'https://b.example'\n",
            "needs exactly one of webhook, slack",
        ),
        (&format!("name = 'SOC!'\n{slack}"), "small letters"),
        (&format!("name = 'webhook'\n{slack}"), "give it another"),
        (
            &format!("name = 'soc'\n{slack}[[routes]]\nname = 'soc'\n{slack}"),
            "give each its own",
        ),
        (
            &format!("name = 'soc'\n[routes.filter]\nlabels = ['prod']\n{slack}"),
            "KEY=VALUE",
        ),
        (
            &format!("name = 'soc'\n[routes.filter]\nkinds = ['rain']\n{slack}"),
            "unknown variant `rain`",
        ),
        (
            &format!("name = 'soc'\n[routes.pace]\nper_minute = 0\n{slack}"),
            "from 1 to 6000",
        ),
        (
            "name = 'soc'\n[routes.webhook]\nurl = 'https://a.example'\n",
            "missing field `secret_file`",
        ),
        (
            "name = 'soc'\n[routes.slack]\nurl = 'secret'\n",
            "http:// or https://",
        ),
        ("name = 'soc'\n[routes.slack]\n", "needs either url, or url_file"),
        (
            "name = 'soc'\n[routes.email]\nserver = 'mail'\nfrom = 'nobody'\nto = ['a@b.example']\n",
            "no mail address",
        ),
        (
            "name = 'soc'\n[routes.email]\nserver = 'mail'\ntls = 'none'\nuser = 'u'\npassword_file = '/p'\n\
             from = 'a@b.example'\nto = ['a@b.example']\n",
            "without TLS",
        ),
        (
            "name = 'soc'\nsend_resolved = false\n[routes.alertmanager]\nurl = 'https://a.example'\n",
            "cannot do without send_resolved",
        ),
        (
            "name = 'soc'\n[routes.syslog]\nserver = 'siem'\nfacility = 24\n",
            "from 0 to 23",
        ),
        (
            "name = 'soc'\n[routes.syslog]\nserver = 'siem'\ntls = false\nca_file = '/c'\n",
            "without TLS",
        ),
    ] {
        let error = refusal(&format!("[[routes]]\n{text}"));
        assert!(error.contains(part), "{part:?} is not in {error}");
        assert!(!error.contains("secret'"), "{error}");
    }
}

#[test]
fn a_wrong_file_is_refused_in_one_line_that_says_where() {
    for (text, parts) in [
        (
            "listne = '127.0.0.1:1'",
            ["line 1 ", "unknown field `listne`", "`listen`"],
        ),
        (
            "\n[webhook]\nurll = 'x'\n",
            ["line 3 ", "unknown field `urll`", "`url`"],
        ),
        (
            "data = \"unfinished",
            ["line 1 ", "is wrong", "umbra-collector check"],
        ),
        (
            "listen = 'everywhere'",
            ["line 1 ", "socket address", "umbra.toml"],
        ),
        ("\n\nlisten = 7", ["line 3 ", "invalid type", "mend it"]),
        ("[page]\nhosts = 'one'", ["line 2 ", "a sequence", "is wrong"]),
    ] {
        let error = refusal(text);
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn only_loopback_is_listened_on() {
    for listen in ["127.0.0.1:0", "127.8.9.10:80", "[::1]:8600"] {
        load(&format!("listen = '{listen}'"), Options::default()).expect(listen);
    }
    for listen in ["0.0.0.0:8600", "192.0.2.1:8600", "[::]:8600", "[2001:db8::1]:1"] {
        let error = refusal(&format!("listen = '{listen}'"));
        assert!(error.contains(listen) && error.contains("127.0.0.1"), "{error}");
    }
}

#[test]
fn half_of_certificate_and_key_a_database_and_other_schemes_are_refused() {
    for (text, part) in [
        ("[tls]\ncert = 'cert.pem'", "both a certificate and its key"),
        ("[tls]\nkey = 'key.pem'", "both a certificate and its key"),
        ("database = 'sqlite:/secret.db'", "--database takes postgres://"),
        (
            "database = 'postgres://u:secret@[/umbra'",
            "--database is not right",
        ),
        (
            "database = 'postgres://db/umbra?passwrd=secret'",
            "`?` that is not known",
        ),
        (
            "database = 'postgres://db/umbra?sslmode=secret'",
            "--database is not right",
        ),
        ("[retention]\nobservations_months = 0", "from 1 to 1200"),
        (
            "[retention]\ninventory_months = 3",
            "must not be less than observations_months",
        ),
        (
            "[webhook]\nurl = 'ftp://secret@example.com'",
            "--webhook must be a URL",
        ),
        ("[webhook]\nurl = 'secret'", "--webhook must be a URL"),
        ("[page]\nurl = 'umbra.example'", "page.url must be a URL"),
    ] {
        let error = refusal(text);
        assert!(error.contains(part) && !error.contains("secret"), "{error}");
    }
}

#[test]
fn what_is_printed_keeps_the_webhooks_secret() {
    let text = "data = '/data'\n[webhook]\nurl = 'https://user:pass@hooks.example/T000/secret?token=1'\n";
    let text = format!(
        "{text}[[routes]]\nname = 'soc'\n[routes.pace]\nper_minute = 6\n[routes.slack]\nurl = 'https://chat.example/secret'\n"
    );
    let printed = load(&text, Options::default()).expect("settings").to_string();
    assert!(printed.contains("webhook = https://hooks.example\n"), "{printed}");
    let route = "route   = soc: slack at https://chat.example, everything, 6 a minute\n";
    assert!(printed.contains(route), "{printed}");
    for secret in ["secret", "token", "user", "pass"] {
        assert!(!printed.contains(secret), "{secret} is in {printed}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange_to_be_refused_in_one_line(text in "(?s)[\\[\\]a-z='\"\n. {}#é]{0,60}") {
        if let Err(error) = load(&text, Options { data: Some("/data".into()), ..Options::default() }) {
            prop_assert_eq!(error.to_string().lines().count(), 1, "{}", error);
        }
    }
}

#[test]
fn a_database_shows_all_but_its_password() {
    for (url, shown) in [
        (
            "postgres://umbra:secret@db.example:5433/fleet?sslmode=verify-full",
            "PostgreSQL, fleet at db.example:5433 as umbra, sslmode verify-full",
        ),
        (
            "postgresql:///fleet?host=/run/postgresql&user=umbra&password=secret",
            "PostgreSQL, fleet at /run/postgresql as umbra, sslmode prefer",
        ),
    ] {
        let settings = load(&format!("database = '{url}'"), Options::default()).expect("settings");
        assert!(settings.to_string().contains(shown), "{settings}");
        assert!(!format!("{settings} {settings:?}").contains("secret"));
    }
}

#[test]
fn what_is_watched_for_has_its_bounds() {
    let data = || Options {
        data: Some("/data".into()),
        ..Options::default()
    };
    let text =
        "[findings]\nlearning_days = 0\nsilent_hours = 12\nlossy_percent = 5\n[agents]\nmissing_days = 3";
    let watch = load(text, data()).expect("settings").watch;
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    assert_eq!(
        (watch.learning, watch.silence, watch.missing),
        (hours(0), hours(12), hours(72))
    );
    assert_eq!(watch.lossy_percent, 5);
    for (key, value) in [
        ("learning_days", 366),
        ("silent_hours", 0),
        ("lossy_percent", 101),
    ] {
        let error = load(&format!("[findings]\n{key} = {value}"), data()).expect_err(key);
        assert!(
            error
                .to_string()
                .starts_with(&format!("{key} under [findings] must be from")),
            "{error}"
        );
    }
}

#[test]
fn agents_are_told_the_first_name_that_leads_here_from_elsewhere() {
    let told = |names: &str| {
        let file = format!("[agents]\nlisten = '0.0.0.0:8443'\nnames = {names}\n");
        let data = Some("/data".into());
        let settings = load(
            &file,
            Options {
                data,
                ..Options::default()
            },
        )
        .expect("settings");
        settings.agents.expect("agents").known_as(8443)
    };
    for (names, address) in [
        (
            "['localhost', '127.0.0.1', 'umbra.example']",
            Some("https://umbra.example:8443"),
        ),
        (
            "['0.0.0.0', '::1', '2001:db8::1']",
            Some("https://[2001:db8::1]:8443"),
        ),
        ("['127.0.0.1']", Some("https://127.0.0.1:8443")),
        // Into a command for root goes nothing that a shell reads.
        ("[\"a'; rm -rf /\"]", None),
    ] {
        assert_eq!(told(names).as_deref(), address, "{names}");
    }
}
