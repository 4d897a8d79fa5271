//! The user's own file: what it can do, and what it is told when it is wrong.

use crate::{Catalogue, Kind, address_of};

fn laid_over(text: &str) -> Catalogue {
    Catalogue::with_override_text("own.toml", text).unwrap()
}

fn refused(text: &str) -> String {
    Catalogue::with_override_text("own.toml", text)
        .unwrap_err()
        .to_string()
}

fn pattern(host: &str) -> String {
    format!(
        r#"{{ host = "{host}", match = "suffix", kind = "api", confidence = "high", sources = ["curated"], verified_on = "2026-11-24" }}"#
    )
}

fn vendor(name: &str, host: &str) -> String {
    format!(
        "[[vendor]]\nname = \"{name}\"\n[[vendor.service]]\nname = \"LLM\"\npatterns = [\n  {},\n]\n",
        pattern(host)
    )
}

#[test]
fn a_host_of_ones_own_network_may_have_one_label() {
    let catalogue = laid_over(&vendor("Acme", "ollama").replace("\"suffix\"", "\"exact\""));
    assert_eq!(catalogue.lookup("ollama").unwrap().vendor_name(), "Acme");
    assert!(catalogue.lookup("api.ollama").is_none());
}

#[test]
fn an_address_is_one_host_however_it_is_written() {
    let exact = |host| laid_over(&vendor("Acme", host).replace("\"suffix\"", "\"exact\""));
    let catalogue = exact("fd00::5");
    for host in ["fd00::5", "FD00::5", "fd00:0::0:5", "fd00:0:0:0:0:0:0:5"] {
        assert_eq!(catalogue.lookup(host).unwrap().vendor_name(), "Acme", "{host}");
    }
    let number = catalogue.lookup("fd00::5").unwrap().number;
    assert!(
        catalogue.pattern(number).unwrap().resolvable().is_none(),
        "nobody asks the DNS for it"
    );
    for host in ["fd00::6", "fd00::", "5", "[fd00::5]", "fd00::5.", "a.fd00::5"] {
        let found = catalogue.lookup(host);
        assert_eq!(found.is_some(), host == "fd00::5.", "{host}");
    }
    let catalogue = exact("10.1.2.3");
    assert!(catalogue.lookup("10.1.2.3").is_some());
    assert!(catalogue.lookup("10.1.2.30").is_none() && catalogue.lookup("::ffff:10.1.2.3").is_none());
}

#[test]
fn an_address_lies_in_the_trie_by_its_bytes() {
    for (name, address) in [
        ("[0a010203", Some("10.1.2.3")),
        ("[fd000000000000000000000000000005", Some("fd00::5")),
        ("0a010203", None),
        ("[0a0102", None),
        ("[+a010203", None),
        ("[", None),
    ] {
        assert_eq!(
            address_of(name.as_bytes()),
            address.map(|it| it.parse().unwrap()),
            "{name}"
        );
        if let Some(address) = address {
            let catalogue = laid_over(&vendor("Acme", address).replace("\"suffix\"", "\"exact\""));
            assert_eq!(catalogue.lookup(name).unwrap().host(), address);
        }
    }
}

#[test]
fn adds_a_vendor() {
    let catalogue = laid_over(&vendor("Acme", "llm.acme.internal"));
    let found = catalogue.lookup("eu.llm.acme.internal").unwrap();
    assert_eq!((found.vendor_name(), found.kind()), ("Acme", Kind::Api));
    assert_eq!(
        catalogue.lookup("api.openai.com").unwrap().vendor_name(),
        "OpenAI"
    );
}

#[test]
fn adds_a_service_to_a_known_vendor_and_states_a_fact() {
    let text = vendor("openai", "llm-gateway.acme.example").replace(
        "[[vendor.service]]",
        "eu_residency = { value = \"none\", source = \"https://acme.example/\" }\n[[vendor.service]]",
    );
    let catalogue = laid_over(&text);
    let found = catalogue.lookup("llm-gateway.acme.example").unwrap();
    assert_eq!((found.vendor_name(), found.service_name()), ("OpenAI", "LLM"));
    assert_eq!(found.vendor.eu_residency.to_string(), "none");
    assert_eq!(found.vendor.headquarters.to_string(), "US");
    assert_eq!(catalogue.vendors().len(), Catalogue::builtin().vendors().len());
}

#[test]
fn takes_a_built_in_pattern_over() {
    let catalogue = laid_over(&vendor("Acme", "api.openai.com"));
    assert_eq!(catalogue.lookup("api.openai.com").unwrap().vendor_name(), "Acme");
    assert_eq!(catalogue.lookup("chatgpt.com").unwrap().vendor_name(), "OpenAI");
}

#[test]
fn disables_vendors_and_hosts() {
    let catalogue = laid_over(
        "[disable]\nvendors = [\"Anthropic\"]\nhosts = [\"api.openai.com\", \"status.openai.com\"]\n",
    );
    assert!(catalogue.lookup("claude.ai").is_none());
    // What the host's pattern said is gone; the suffix above it still holds.
    assert_eq!(
        catalogue.lookup("api.openai.com").unwrap().service_name(),
        "OpenAI website"
    );
    assert!(catalogue.lookup("status.openai.com").is_some());
}

#[test]
fn excludes_a_host() {
    let text = "[[vendor]]\nname = \"OpenAI\"\n[[vendor.exclude]]\nhost = \"api.openai.com\"\nmatch = \"suffix\"\nreason = \"replaced\"\n";
    assert!(laid_over(text).lookup("api.openai.com").is_none());
}

#[test]
fn an_empty_file_changes_nothing() {
    assert_eq!(
        laid_over("# nothing\n").patterns().count(),
        Catalogue::builtin().patterns().count()
    );
}

#[test]
fn errors_name_file_line_and_remedy() {
    let cases = [
        ("[[vendor]\n", "own.toml:1: "),
        (
            "disabled = []\n",
            "own.toml:1: unknown field `disabled`, expected `disable` or `vendor`; see",
        ),
        (
            "[[vendor]]\nname = \"Acme\"\ncolour = 1\n",
            "own.toml:3: unknown field `colour`",
        ),
        (
            &*vendor("Acme", "API.acme.com"),
            "own.toml:6: `API.acme.com` has capital letters",
        ),
        (
            &*vendor("Acme", "ai-*.acme.com"),
            "own.toml:6: `ai-*.acme.com` has `*` behind the beginning of a label",
        ),
        (
            &*vendor("Acme", "*.*.*.*.acme.com"),
            "own.toml:6: `*.*.*.*.acme.com` has more than three wildcards",
        ),
        (
            &*vendor("Acme", "bücher.example"),
            "own.toml:6: `bücher.example` has `ü` in it",
        ),
        (
            &*vendor("Acme", "acme..com"),
            "own.toml:6: `acme..com` has a label of no or more than 63 bytes",
        ),
        (
            &*vendor("Acme", "localhost"),
            "own.toml:6: `localhost` has fewer than two labels",
        ),
        (
            &*vendor("Acme", "[fd00::5]:11434"),
            "own.toml:6: `[fd00::5]:11434` is no IPv6 address",
        ),
        (
            &*vendor("Acme", "ollama:11434"),
            "own.toml:6: `ollama:11434` is no IPv6 address; write one without brackets, port and zone (`fd00::5`), and a \
             name without its port",
        ),
        (
            &*vendor("Acme", "FD00:0::5").replace("\"suffix\"", "\"exact\""),
            "own.toml:6: `FD00:0::5` is not in the canonical form of RFC 5952; write `fd00::5`",
        ),
        (
            &*vendor("Acme", "fd00::5"),
            "own.toml:6: `fd00::5` is an address, and no host is below one",
        ),
        (
            &*vendor("Acme", "a.example").replace("\"api\"", "\"chat\""),
            "own.toml:6: unknown variant `chat`",
        ),
        (
            &*vendor("Acme", "a.example").replace("2026-11-24", "2026-13-24"),
            "own.toml:6: ",
        ),
        (
            &*format!("{}{}", vendor("Acme", "a.example"), vendor("Other", "a.example")),
            "own.toml:13: `a.example` is listed twice",
        ),
        (
            "[disable]\nvendors = [\"Acme\"]\n",
            "own.toml:2: cannot disable vendor `Acme`",
        ),
        (
            "[disable]\nhosts = [\n  \"api.openai.com\",\n  \"a.example\",\n]\n",
            "own.toml:4: cannot disable host `a.example`",
        ),
        (
            "[[vendor]]\nname = \"Acme\"\neu_residency = \"maybe\"\n",
            "own.toml:3: invalid value: string \"maybe\", expected \"unknown\" or { value",
        ),
        (
            "[[vendor]]\nname = \"Acme\"\nheadquarters = { value = \"USA\", source = \"https://a.example\" }\n",
            "own.toml:3: `USA` is not an ISO 3166-1 country code",
        ),
        (
            "[[vendor]]\nname = \"Acme\"\n[[vendor.exclude]]\nhost = \"*.a.com\"\nmatch = \"exact\"\nreason = \"x\"\n",
            "own.toml:4: `*.a.com` is an exclusion with a wildcard",
        ),
    ];
    for (text, expected) in cases {
        let message = refused(text);
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn too_many_patterns_are_refused_before_they_fill_memory() {
    let patterns: Vec<String> = (0..9_000)
        .map(|index| pattern(&format!("h{index}.example")))
        .collect();
    let text = format!(
        "[[vendor]]\nname = \"Acme\"\n[[vendor.service]]\nname = \"LLM\"\npatterns = [{}]\n",
        patterns.join(",")
    );
    assert!(refused(&text).contains("16384 entries"), "{}", refused(&text));
}

#[test]
fn a_missing_file_is_named() {
    let error = Catalogue::with_override(std::path::Path::new("/nonexistent/own.toml")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the catalogue file /nonexistent/own.toml: "),
        "{error}"
    );
}
