//! Reports that are made and packed beforehand, so that sending them costs little.

use std::iter::Sum;
use std::ops::Add;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use umbra_report::{RecordBody, Report};

use crate::hosts::Host;

/// Reports of a host at most: an hour's and a little, so that each hour of the inventory is added to some 60 times.
const MOST: usize = 64;
/// Minutes of a host at most: they end before now.
const MINUTES: usize = 20 * 60;
/// Reports in all at most: each takes some 1 to 2 KiB.
const REPORTS: usize = 200_000;
/// As the agent packs (agent/src/report/client.rs).
const ZSTD_LEVEL: i32 = 1;

/// A report as it travels.
pub(crate) struct Body {
    pub(crate) packed: Bytes,
    /// Number of its last record: what the collector acknowledges.
    pub(crate) last: u64,
    pub(crate) sums: Sums,
}

/// What observations add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) observations: u64,
    pub(crate) flows: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
}

/// The next reports of each host, of so many minutes each: as many as fit.
pub(crate) fn of(hosts: &mut [Host<'_>], minutes: u32) -> Result<Vec<Vec<Body>>> {
    let minutes = usize::try_from(minutes)?.max(1);
    let most = MOST.min(MINUTES / minutes).max(1);
    let reports = (REPORTS / hosts.len().max(1)).clamp(1, most);
    hosts
        .iter_mut()
        .map(|host| (0..reports).map(|_| Body::of(&host.report())).collect())
        .collect()
}

impl Body {
    pub(crate) fn of(report: &Report) -> Result<Self> {
        let json = serde_json::to_vec(report)?;
        Ok(Self {
            packed: zstd::bulk::compress(&json, ZSTD_LEVEL)
                .context("cannot pack a report")?
                .into(),
            last: report.records.last().map_or(0, |record| record.sequence),
            sums: sums(report),
        })
    }
}

fn sums(report: &Report) -> Sums {
    let each = report.records.iter().filter_map(|record| match &record.body {
        RecordBody::Observation(observation) => Some(Sums {
            observations: 1,
            flows: observation.flows,
            bytes_out: observation.bytes_out,
            bytes_in: observation.bytes_in,
        }),
        RecordBody::Gap(_) => None,
    });
    each.sum()
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            observations: self.observations + other.observations,
            flows: self.flows + other.flows,
            bytes_out: self.bytes_out + other.bytes_out,
            bytes_in: self.bytes_in + other.bytes_in,
        }
    }
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), Add::add)
    }
}
