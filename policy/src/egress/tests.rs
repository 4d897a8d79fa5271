use super::*;
use crate::File;

fn rule(text: &str) -> Result<Egress, String> {
    let text = format!("version = 1\n[[egress]]\nid = \"gateway\"\nreason = \"r\"\napprover = \"a\"\n{text}");
    let read = File::parse(
        &text,
        &umbra_catalog::Catalogue::builtin(),
        jiff::Timestamp::UNIX_EPOCH,
    );
    match read {
        Ok(file) => Ok(file.egress[0].clone()),
        Err(faults) => Err(faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

fn subject<'a>(vendor: &'a str, kind: Kind, unit: Option<&'a str>) -> Subject<'a> {
    Subject {
        vendor,
        service: "API",
        kind: Some(kind),
        program: "claude",
        script: None,
        package: None,
        uid: 0,
        user: None,
        groups: Vec::new(),
        labels: vec![("role", "gateway")],
        unit,
        image: None,
        namespace: None,
    }
}

#[test]
fn a_rule_is_about_its_vendors_and_kinds_but_for_the_gateway_itself() {
    let of_vendor =
        rule("vendors = [\"chatgpt\"]\nvia = [\"10.1.2.3:3128\"]\ndirect = [{ unit = \"litellm*\" }]")
            .expect("it");
    assert!(
        of_vendor.covers(&subject("OpenAI", Kind::WebApp, None)),
        "an alias is the vendor"
    );
    assert!(!of_vendor.covers(&subject("Anthropic", Kind::Api, None)));
    assert!(!of_vendor.covers(&subject("OpenAI", Kind::Api, Some("litellm.service"))));
    assert!(of_vendor.covers(&subject("OpenAI", Kind::Api, Some("bot.service"))));

    let of_kind = rule("kinds = [\"api\"]\ndirect = [{ host_label = \"role=proxy\" }]").expect("it");
    assert!(of_kind.covers(&subject("Anthropic", Kind::Api, None)));
    assert!(!of_kind.covers(&subject("Anthropic", Kind::WebApp, None)));
    let own = rule("direct = [{ host_label = \"role=gateway\" }]").expect("it");
    assert!(!own.covers(&subject("OpenAI", Kind::Api, None)));
}

#[test]
fn only_the_proxies_of_a_rule_are_a_way() {
    let rule = rule("via = [\"10.1.2.3:3128\", \"10.9.0.0/16\"]").expect("it");
    let way = |text: &str| Some(text.parse().expect("an address"));
    assert!(rule.lets(way("10.1.2.3:3128")) && rule.lets(way("10.9.8.7:1")));
    assert!(!rule.lets(way("127.0.0.1:3128")));
    assert!(!rule.lets(None), "directly is no way");
}

#[test]
fn a_rule_that_cannot_be_meant_is_refused() {
    let wrong = [
        ("vendors = [\"OpenAI\"]", "nobody could get there"),
        ("via = [\"proxy.corp:3128\"]", "line 6"),
        ("direct = [{}]", "about everybody"),
        ("via = [\"10.1.2.3\"]\nfrom = 1", "unknown field"),
        ("direct = [{ host_label = \"gateway\" }]", "KEY=VALUE"),
    ];
    for (text, reason) in wrong {
        let said = rule(text).expect_err(text);
        assert!(said.contains(reason), "{text}: {said}");
    }
}
