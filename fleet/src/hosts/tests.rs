use std::collections::HashSet;

use jiff::Timestamp;
use umbra_catalog::Catalogue;
use umbra_report::RecordBody;

use super::{CALLERS, Fleet, OBSERVATIONS};

fn now() -> Timestamp {
    "2026-11-27T10:20:30Z".parse().expect("a time")
}

#[test]
fn one_seed_is_one_fleet() {
    let catalogue = Catalogue::builtin();
    let fleets = [
        Fleet::new(1, &catalogue, now()),
        Fleet::new(1, &catalogue, now()),
        Fleet::new(2, &catalogue, now()),
    ];
    let [one, same, other] = fleets.each_ref().map(|fleet| {
        let mut hosts = fleet.hosts(20);
        hosts
            .iter_mut()
            .flat_map(|host| [host.report(), host.report()])
            .collect::<Vec<_>>()
    });
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn reports_are_of_the_size_and_form_that_docs_say() {
    let catalogue = Catalogue::builtin();
    let fleet = Fleet::new(7, &catalogue, now());
    let (mut observations, mut reports, mut callers) = (0, 0, 0);
    for mut host in fleet.hosts(300) {
        let (mut last, mut seen, mut keys) = (0, now(), HashSet::new());
        for _ in 0..64 {
            let report = host.report();
            assert!((1..=OBSERVATIONS).contains(&report.records.len()));
            let mut here = HashSet::new();
            for record in &report.records {
                assert_eq!(record.sequence, last + 1);
                last = record.sequence;
                let RecordBody::Observation(observation) = &record.body else {
                    panic!("a gap")
                };
                let found = catalogue
                    .lookup(&observation.name)
                    .expect("a name of the catalogue");
                assert_eq!(found.vendor_name(), observation.vendor);
                assert!(
                    observation.minute <= observation.first_seen
                        && observation.first_seen <= observation.last_seen
                );
                seen = observation.last_seen;
                let caller = (
                    observation.caller.program.name.clone(),
                    observation.caller.user.uid,
                );
                // An agent says each name of a caller once a minute.
                assert!(here.insert((caller.clone(), observation.name.clone())));
                keys.insert(caller);
            }
            observations += report.records.len();
            reports += 1;
        }
        assert!(seen < now(), "none is of the future");
        assert!(keys.len() <= CALLERS);
        callers += keys.len();
    }
    let mean = f64::from(u32::try_from(observations).expect("few")) / f64::from(reports);
    assert!((3.0..8.0).contains(&mean), "{mean} observations a report");
    assert!((900..2000).contains(&callers), "{callers} callers of 300 hosts");
}
