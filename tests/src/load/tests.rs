use super::names::{CATALOGUE, address, is_catalogue, name};

#[test]
fn five_percent_are_catalogue_names() {
    let count = (0..10_000).filter(|&flow| is_catalogue(flow)).count();
    assert_eq!(count, 500);
    let named = (0..10_000).filter(|&flow| CATALOGUE.contains(&name(flow).as_str()));
    assert_eq!(named.count(), 500);
}

#[test]
fn all_names_of_the_catalogue_are_asked_for_alike() {
    for wanted in CATALOGUE {
        let count = (0..12_000).filter(|&flow| name(flow) == wanted).count();
        assert_eq!(count, 100, "{wanted}");
    }
}

#[test]
fn a_quarter_goes_over_ipv6_inside_and_outside_the_catalogue() {
    let (mut inside, mut outside) = (0, 0);
    for flow in (0..8_000).filter(|&flow| address(flow).is_ipv6()) {
        *(if is_catalogue(flow) {
            &mut inside
        } else {
            &mut outside
        }) += 1;
    }
    assert_eq!((inside, outside), (100, 1_900));
}
