//! The compiled trie against a matcher that knows nothing of tries: it takes pattern and name apart label by label.

use proptest::prelude::*;

use super::{Rule, compile};
use crate::{host, lpm::Lpm, vendor::Reach};

/// A rule that owns its host.
#[derive(Clone, Debug)]
struct Owned {
    host: String,
    reach: Reach,
    excluded: bool,
}

fn rules(owned: &[Owned]) -> Vec<Rule<'_>> {
    let number = |index: usize, rule: &Owned| {
        if rule.excluded {
            0
        } else {
            u32::try_from(index).unwrap() + 1
        }
    };
    owned
        .iter()
        .enumerate()
        .map(|(index, rule)| Rule {
            host: &rule.host,
            reach: rule.reach,
            number: number(index, rule),
        })
        .collect()
}

fn label_matches(pattern: &str, label: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => label.len() > end.len() && label.ends_with(end),
        None => pattern == label,
    }
}

fn matches(rule: &Rule<'_>, name: &str) -> bool {
    let pattern: Vec<&str> = rule.host.rsplit('.').collect();
    let labels: Vec<&str> = name.rsplit('.').collect();
    let enough = match rule.reach {
        Reach::Exact => labels.len() == pattern.len(),
        Reach::Suffix => labels.len() >= pattern.len(),
    };
    enough
        && pattern
            .iter()
            .zip(&labels)
            .all(|(pattern, label)| label_matches(pattern, label))
}

/// Whether `left` is the more specific of two patterns that match one name.
fn more_specific(left: &Rule<'_>, right: &Rule<'_>) -> bool {
    let labels = |rule: &Rule<'_>| rule.host.split('.').count();
    if labels(left) != labels(right) {
        return labels(left) > labels(right);
    }
    for (left, right) in left.host.rsplit('.').zip(right.host.rsplit('.')) {
        match (left.strip_prefix('*'), right.strip_prefix('*')) {
            (None, Some(_)) => return true,
            (Some(_), None) => return false,
            (Some(left), Some(right)) if left.len() != right.len() => return left.len() > right.len(),
            _ => {}
        }
    }
    left.reach == Reach::Exact
}

fn naive(rules: &[Rule<'_>], name: &str) -> u32 {
    let matching = rules.iter().filter(|rule| matches(rule, name));
    let best = matching.reduce(|best, rule| if more_specific(rule, best) { rule } else { best });
    best.map_or(0, |rule| rule.number)
}

fn lookup(rules: &[Rule<'_>], name: &str) -> u32 {
    Lpm::new(compile(rules).unwrap()).lookup(name)
}

fn check(owned: &[(&str, Reach)], cases: &[(&str, u32)]) {
    let owned: Vec<Owned> = owned
        .iter()
        .map(|(host, reach)| {
            let excluded = host.starts_with('!');
            Owned {
                host: host.trim_start_matches('!').to_owned(),
                reach: *reach,
                excluded,
            }
        })
        .collect();
    let rules = rules(&owned);
    for (name, expected) in cases {
        assert_eq!(lookup(&rules, name), *expected, "{name}");
        assert_eq!(naive(&rules, name), *expected, "{name}, naively");
    }
}

use Reach::{Exact, Suffix};

#[test]
fn suffix_holds_at_label_boundaries() {
    check(
        &[("openai.com", Suffix)],
        &[
            ("openai.com", 1),
            ("a.b.openai.com", 1),
            ("notopenai.com", 0),
            ("openai.com.evil.net", 0),
            ("com", 0),
        ],
    );
}

#[test]
fn exact_holds_for_one_name() {
    check(
        &[("api.x.com", Exact)],
        &[
            ("api.x.com", 1),
            ("v1.api.x.com", 0),
            ("x.com", 0),
            ("napi.x.com", 0),
        ],
    );
}

#[test]
fn wildcard_is_one_label_or_its_beginning() {
    check(
        &[("bedrock.*.x.com", Exact), ("*-ai.x.com", Exact)],
        &[
            ("bedrock.eu.x.com", 1),
            ("bedrock.eu.west.x.com", 0),
            ("bedrock.x.com", 0),
            ("mybedrock.eu.x.com", 0),
            ("eu-ai.x.com", 2),
            ("-ai.x.com", 0),
            ("a.eu-ai.x.com", 0),
            ("bedrock.eu-ai.x.com", 1),
            ("bedrock.-ai.x.com", 1),
        ],
    );
}

#[test]
fn wildcard_with_suffix_covers_what_lies_below() {
    check(
        &[("bedrock.*.vpce.x.com", Suffix)],
        &[
            ("vpce-1.bedrock.eu.vpce.x.com", 1),
            ("bedrock.eu.vpce.x.com", 1),
            ("eu.vpce.x.com", 0),
            ("vpce.x.com", 0),
        ],
    );
}

#[test]
fn the_more_specific_pattern_wins() {
    check(
        &[
            ("x.com", Suffix),
            ("api.x.com", Exact),
            ("*.x.com", Exact),
            ("a.*.x.com", Exact),
            ("b.x.com", Suffix),
        ],
        &[
            ("x.com", 1),
            ("api.x.com", 2),
            ("q.x.com", 3),
            ("a.b.x.com", 4),
            ("c.b.x.com", 5),
            ("b.x.com", 5),
        ],
    );
}

#[test]
fn exclusion_makes_a_hole_and_a_longer_pattern_fills_it() {
    check(
        &[
            ("x.com", Suffix),
            ("!docs.x.com", Suffix),
            ("api.docs.x.com", Exact),
            ("*.eu.x.com", Exact),
            ("!a.eu.x.com", Exact),
        ],
        &[
            ("x.com", 1),
            ("docs.x.com", 0),
            ("old.docs.x.com", 0),
            ("api.docs.x.com", 3),
            ("mydocs.x.com", 1),
            ("b.eu.x.com", 4),
            ("a.eu.x.com", 0),
            ("z.a.eu.x.com", 1),
        ],
    );
}

#[test]
fn competing_wildcards_are_merged() {
    check(
        &[
            ("a.*.x.com", Exact),
            ("*.foo.x.com", Exact),
            ("b.*-ai.x.com", Exact),
            ("*.*.*.x.com", Suffix),
        ],
        &[
            ("a.foo.x.com", 2),
            ("b.foo.x.com", 2),
            ("a.bar.x.com", 1),
            ("a.my-ai.x.com", 1),
            ("b.my-ai.x.com", 3),
            ("b.-ai.x.com", 0),
            ("q.a.foo.x.com", 4),
            ("z.q.a.foo.x.com", 4),
        ],
    );
}

#[test]
fn a_name_with_an_end_inside_is_none() {
    check(&[("x.com", Suffix)], &[("x.com", 1), ("", 0)]);
    let rules = [Rule {
        host: "x.com",
        reach: Suffix,
        number: 1,
    }];
    assert_eq!(lookup(&rules, "evil.net\0x.com"), 0);
    assert_eq!(lookup(&rules, &format!("{}.x.com", "a".repeat(250))), 0);
}

/// A small alphabet, so that patterns and names collide as often as they can.
fn label() -> impl Strategy<Value = String> {
    "[ab-]{1,2}"
}

fn pattern_label() -> impl Strategy<Value = String> {
    prop_oneof![3 => label(), 1 => Just("*".to_owned()), 1 => "\\*[ab-]{1,2}"]
}

fn rule() -> impl Strategy<Value = Owned> {
    let host =
        prop::collection::vec(pattern_label(), 1..5).prop_map(|labels| format!("{}.x", labels.join(".")));
    let reach = prop_oneof![Just(Exact), Just(Suffix)];
    let rule = (host, reach, prop::bool::weighted(0.2));
    rule.prop_map(|(host, reach, excluded)| Owned {
        host,
        reach,
        excluded,
    })
    .prop_filter("a host that the parser takes", |rule| {
        host::check(&rule.host, rule.reach == Exact, rule.excluded).is_ok()
    })
}

fn distinct_rules() -> impl Strategy<Value = Vec<Owned>> {
    prop::collection::vec(rule(), 1..10).prop_map(|mut rules| {
        rules.sort_by(|left, right| (&left.host, left.reach).cmp(&(&right.host, right.reach)));
        rules.dedup_by(|left, right| (&left.host, left.reach) == (&right.host, right.reach));
        rules
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::collection::vec(label(), 0..6).prop_map(|labels| {
        let mut name = labels.join(".");
        name.push_str(if name.is_empty() { "x" } else { ".x" });
        name
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_naive_matcher(owned in distinct_rules(), names in prop::collection::vec(name(), 1..40)) {
        let rules = rules(&owned);
        let lpm = Lpm::new(compile(&rules).unwrap());
        for name in names {
            prop_assert_eq!(lpm.lookup(&name), naive(&rules, &name), "{}", name);
        }
    }

    #[test]
    fn takes_any_name(name in "\\PC{0,300}") {
        let rules = [Rule { host: "*-a.x.com", reach: Suffix, number: 1 }];
        let _ = lookup(&rules, &name);
    }
}
