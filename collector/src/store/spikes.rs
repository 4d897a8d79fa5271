//! Spikes of the past: a finding has only the last one of its program and vendor, and settled ones raise none again.

use super::findings::facts;
use super::{DAY, Store, StoreError, Transaction, Volume, count, millis, on, stored};
use crate::findings::{Facts, FindingKind, Spike};
use crate::questions::Asked;

/// A spike that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSpike {
    /// How much, against what was usual then.
    pub spike: Spike,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Fleet-wide name of the program.
    pub program: String,
    /// Where it runs: an image, a unit, or empty.
    pub place: String,
    /// The user that sent most, by the host's number.
    pub uid: u32,
    /// The user's name.
    pub user_name: Option<String>,
    /// On which host.
    pub host: String,
    /// The finding that told of it, or of a later one of the same program and vendor.
    pub finding: Option<i64>,
}

type Row = (
    String,
    String,
    String,
    String,
    i64,
    Option<String>,
    String,
    Option<i64>,
);

/// Keeps a spike, or what more was sent on its day.
pub(super) async fn keep(
    transaction: &mut Transaction,
    volume: &Volume,
    begin: i64,
    spike: &Spike,
) -> Result<(), StoreError> {
    let facts = Facts {
        spike: Some(spike.clone()),
        ..Facts::default()
    };
    let facts = serde_json::to_string(&facts)?;
    on!(&mut *transaction, |db| sqlx::query(
        "INSERT INTO spikes (vendor, day, program, caller, bytes_out, facts) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (vendor, day, program) DO UPDATE
         SET caller = excluded.caller, bytes_out = excluded.bytes_out, facts = excluded.facts
         WHERE spikes.bytes_out < excluded.bytes_out"
    )
    .bind(&volume.vendor)
    .bind(begin)
    .bind(volume.program)
    .bind(volume.caller)
    .bind(stored(spike.bytes_out))
    .bind(&facts)
    .execute(&mut **db)
    .await
    .map(drop))?;
    Ok(())
}

impl Store {
    /// Spikes towards a vendor on days (UTC) of which any hour is asked about, the latest first: `most` at most.
    pub async fn past_spikes(&self, asked: &Asked, most: u16) -> Result<Vec<PastSpike>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT s.facts, s.vendor, p.name, p.place, c.uid, c.user_name, a.host,
                        (SELECT f.id FROM findings f WHERE f.kind = $5 AND f.program = s.program AND f.vendor = s.vendor)
                 FROM spikes s
                 JOIN programs p ON p.id = s.program
                 JOIN callers c ON c.id = s.caller
                 JOIN agents a ON a.id = c.agent
                 WHERE s.vendor = $1 AND s.day > $2 AND s.day < $3
                 ORDER BY s.day DESC, s.bytes_out DESC, s.program LIMIT $4",
            )
            .bind(&asked.vendor)
            .bind(millis(asked.from).saturating_sub(DAY))
            .bind(millis(asked.to))
            .bind(i64::from(most))
            .bind(FindingKind::VolumeSpike.as_str())
            .fetch_all(db)
            .await
        })?;
        let spike = |(kept, vendor, program, place, uid, user_name, host, finding): Row| {
            // What a later version wrote may not be readable here.
            Some(self.people.spike(PastSpike {
                spike: facts(Some(&kept)).spike?,
                vendor,
                program,
                place,
                uid: u32::try_from(count(uid)).unwrap_or(u32::MAX),
                user_name,
                host,
                finding,
            }))
        };
        Ok(rows.into_iter().filter_map(spike).collect())
    }
}
