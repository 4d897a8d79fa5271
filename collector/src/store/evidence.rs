//! Evidence as the store ranks it: the strongest of several is their minimum. Steps of ten leave room between them.

use umbra_report::Evidence;

/// The rank in the store; lower is stronger.
pub(crate) fn rank(evidence: Evidence) -> i64 {
    match evidence {
        Evidence::TlsSni => 10,
        Evidence::QuicSni => 20,
        Evidence::HttpHost => 30,
        Evidence::ProxyConnect => 40,
        Evidence::Socks => 50,
        Evidence::Dns => 60,
        Evidence::Ip => 70,
    }
}

/// The evidence of a rank; `None` when this version does not know the rank.
pub(crate) fn of_rank(rank: i64) -> Option<Evidence> {
    Some(match rank {
        10 => Evidence::TlsSni,
        20 => Evidence::QuicSni,
        30 => Evidence::HttpHost,
        40 => Evidence::ProxyConnect,
        50 => Evidence::Socks,
        60 => Evidence::Dns,
        70 => Evidence::Ip,
        _ => return None,
    })
}
