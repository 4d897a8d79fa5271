use super::*;

const OWN: &str = "[[vendor]]\nname = \"Own\"\n[[vendor.service]]\nname = \"Models\"\npatterns = [{ host = \
                   \"ai.internal.example\", match = \"exact\", kind = \"gateway\", confidence = \"high\", sources = \
                   [\"https://internal.example/\"], verified_on = \"2026-01-01\" }]\n";

fn own() -> Catalogue {
    Catalogue::with_override_text("own", OWN).unwrap()
}

fn vendor(names: &mut Names, number: u32) -> Option<String> {
    names.service(number).map(|service| service.vendor.to_string())
}

#[test]
fn numbers_keep_their_meaning_while_flows_may_have_them() {
    let mut names = Names::new(Catalogue::builtin());
    let before = names.number("api.openai.com").unwrap();
    let mut editions = Vec::new();
    let mut replace = |names: &mut Names, catalogue| {
        names
            .replace(catalogue, |(old, _), (new, _)| {
                editions.push((old, new));
                Ok::<_, ()>(())
            })
            .unwrap();
    };
    replace(&mut names, own());
    let after = names.number("api.openai.com").unwrap();
    assert_ne!(before, after);
    let own_number = names.number("ai.internal.example").unwrap();
    for number in [before, after] {
        assert_eq!(vendor(&mut names, number).as_deref(), Some("OpenAI"));
    }
    assert_eq!(vendor(&mut names, own_number).as_deref(), Some("Own"));
    replace(&mut names, Catalogue::builtin());
    assert_eq!(names.number("ai.internal.example"), None);
    assert_eq!(vendor(&mut names, own_number).as_deref(), Some("Own"));
    assert_eq!(vendor(&mut names, before).as_deref(), Some("OpenAI"));
    replace(&mut names, own());
    assert_eq!(vendor(&mut names, before), None, "of two before the last");
    assert_eq!(vendor(&mut names, after).as_deref(), Some("OpenAI"));
    // Each follows the one before, and never has its half of the groups.
    assert!(editions.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert!(
        editions
            .iter()
            .all(|(old, new)| old.odd != new.odd && old.base < new.base)
    );
}

#[test]
fn what_the_kernel_did_not_take_changes_nothing() {
    let mut names = Names::new(Catalogue::builtin());
    assert_eq!(names.replace(own(), |_, _| Err("no room")), Err("no room"));
    assert_eq!(names.number("ai.internal.example"), None);
}
