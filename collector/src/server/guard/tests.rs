use proptest::prelude::*;

use super::*;

fn guard() -> Guard {
    let page = Url::parse("https://Umbra.Example:8443/ai/").expect("a URL");
    Guard::new(&page, vec!["Second.Example.".to_owned(), "192.0.2.7".to_owned()])
}

#[test]
fn loopback_and_configured_names_are_its_own() {
    for host in [
        "localhost",
        "LocalHost.",
        "127.0.0.1",
        "127.255.255.254",
        "[::1]",
        "umbra.example",
        "UMBRA.example.",
        "second.example",
        "192.0.2.7",
    ] {
        assert!(guard().allows(host), "{host}");
    }
}

#[test]
fn names_that_only_look_like_its_own_are_not() {
    for host in [
        "",
        ".",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "notumbra.example",
        "umbra.example.evil",
        "192.0.2.8",
        "0.0.0.0",
        // Written otherwise, a browser makes it 127.0.0.1 before it asks; as text it is a name.
        "0x7f.1",
        "2130706433",
        "[::ffff:192.0.2.7]",
    ] {
        assert!(!guard().allows(host), "{host}");
    }
}

#[test]
fn a_report_under_a_strange_name_is_put_off_and_all_else_is_refused() {
    let put_off = misdirected(REPORTS);
    assert_eq!(
        put_off.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "a 4xx would make the agent give it up"
    );
    assert!(
        put_off
            .into_response()
            .headers()
            .contains_key(header::RETRY_AFTER)
    );
    for path in ["/", "/v1/inventory", "/metrics", "/v1/reports/"] {
        assert_eq!(
            misdirected(path).status(),
            StatusCode::MISDIRECTED_REQUEST,
            "{path}"
        );
    }
}

proptest! {
    #[test]
    fn no_other_name_is_its_own(host in "[a-z0-9-]{1,12}(\\.[a-z0-9-]{1,12}){1,3}") {
        let own = ["umbra.example", "second.example", "192.0.2.7"].contains(&host.as_str());
        let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        prop_assert_eq!(guard().allows(&host), own || loopback);
    }
}
