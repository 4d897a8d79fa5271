use hickory_resolver::proto::rr::rdata::SRV;

use crate::config::CollectorUrl;

/// The order in which to try the servers of a service (RFC 2782): lower priorities first; among equals by chance, in
/// proportion to their weights.
pub(super) fn in_order(mut records: Vec<SRV>, chance: &mut fastrand::Rng) -> Vec<SRV> {
    // Weight 0 stands first, so that it has a chance, if a small one, beside heavier ones.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let equals = records.partition_point(|record| record.priority == first.priority);
        let total: u32 = records[..equals]
            .iter()
            .map(|record| u32::from(record.weight))
            .sum();
        let mut pick = chance.u32(0..=total);
        let chosen = records[..equals].iter().position(|record| {
            let here = pick <= u32::from(record.weight);
            pick = pick.saturating_sub(u32::from(record.weight));
            here
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

/// `https://TARGET:PORT`; `None` for the target `.`, which says that the service is decidedly not there.
pub(super) fn address(record: &SRV) -> Option<CollectorUrl> {
    if record.target.is_root() {
        return None;
    }
    let target = record.target.to_ascii();
    format!("https://{}:{}", target.trim_end_matches('.'), record.port)
        .parse()
        .ok()
}
