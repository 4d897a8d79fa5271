//! Observations of reports go into the inventory with one statement a table, however many there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use serde::Serialize;

use super::apply::News;
use super::both::{Wording, with_rows};
use super::numbers::{Numbers, numbers};
use super::raise::{Raising, Rows, Vendors};
use super::{StoreError, Transaction, activities, callers, on, stored};
use crate::inventory::Tally;
use crate::policy::InForce;

/// A table whose rows are never changed, by what they hold.
#[derive(Clone, Copy)]
struct Dictionary {
    /// Gives the place in `$1` and the id, if the row is there. Items are arrays that begin with their place.
    find: Wording,
    /// Adds those that are not.
    add: Wording,
}

const PROGRAMS: Dictionary = Dictionary {
    find: with_rows!(
        "SELECT CAST(value ->> 0 AS BIGINT),
                (SELECT p.id FROM programs p WHERE p.name = value ->> 1 AND p.place = value ->> 2) FROM",
        ""
    ),
    add: with_rows!(
        "INSERT INTO programs (name, place) SELECT value ->> 1, value ->> 2 FROM",
        "WHERE true ON CONFLICT DO NOTHING"
    ),
};

const DESTINATIONS: Dictionary = Dictionary {
    find: with_rows!(
        "SELECT CAST(value ->> 0 AS BIGINT),
                (SELECT d.id FROM destinations d WHERE d.vendor = value ->> 1 AND d.service = value ->> 2
                 AND d.kind = value ->> 3 AND d.name = value ->> 4) FROM",
        ""
    ),
    add: with_rows!(
        "INSERT INTO destinations (vendor, service, kind, name)
         SELECT value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM",
        "WHERE true ON CONFLICT DO NOTHING"
    ),
};

/// A sum that would pass the greatest integer stays at it.
macro_rules! add_up {
    ($table:literal) => {
        concat!(
            add_up!($table, "flows"),
            add_up!($table, "bytes_out"),
            add_up!($table, "bytes_in"),
            "first_seen = CASE WHEN excluded.first_seen < ",
            $table,
            ".first_seen
                 THEN excluded.first_seen ELSE ",
            $table,
            ".first_seen END,
             last_seen = CASE WHEN excluded.last_seen > ",
            $table,
            ".last_seen
                 THEN excluded.last_seen ELSE ",
            $table,
            ".last_seen END,
             evidence = CASE WHEN excluded.evidence < ",
            $table,
            ".evidence
                 THEN excluded.evidence ELSE ",
            $table,
            ".evidence END"
        )
    };
    ($table:literal, $column:literal) => {
        concat!(
            $column,
            " = CASE WHEN ",
            $table,
            ".",
            $column,
            " > 9223372036854775807 - excluded.",
            $column,
            "
                 THEN 9223372036854775807 ELSE ",
            $table,
            ".",
            $column,
            " + excluded.",
            $column,
            " END, "
        )
    };
}

static OBSERVE: Numbers<9> = numbers!(
    "INSERT INTO observations (caller, destination, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)",
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
    concat!(
        "ON CONFLICT (caller, destination, hour) DO UPDATE SET ",
        add_up!("observations")
    )
);

static USE: Numbers<9> = numbers!(
    "INSERT INTO uses (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence, direct_seen)",
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
    concat!(
        "ON CONFLICT (caller, destination) DO UPDATE SET ",
        add_up!("uses"),
        ", direct_seen = CASE WHEN excluded.direct_seen > uses.direct_seen THEN excluded.direct_seen
                         ELSE uses.direct_seen END"
    )
);

/// What an hour's or a use's row counts.
#[derive(Clone, Copy)]
struct Sum {
    flows: i64,
    bytes_out: i64,
    bytes_in: i64,
    first_seen: i64,
    last_seen: i64,
    evidence: i64,
}

impl Sum {
    fn of(tally: &Tally<'_>) -> Self {
        Self {
            flows: stored(tally.flows),
            bytes_out: stored(tally.bytes_out),
            bytes_in: stored(tally.bytes_in),
            first_seen: tally.first_seen,
            last_seen: tally.last_seen,
            evidence: tally.evidence,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            flows: self.flows.saturating_add(other.flows),
            bytes_out: self.bytes_out.saturating_add(other.bytes_out),
            bytes_in: self.bytes_in.saturating_add(other.bytes_in),
            first_seen: self.first_seen.min(other.first_seen),
            last_seen: self.last_seen.max(other.last_seen),
            evidence: self.evidence.min(other.evidence),
        }
    }

    /// The columns in the order of the statements above.
    fn columns(self) -> [i64; 6] {
        [
            self.flows,
            self.bytes_out,
            self.bytes_in,
            self.first_seen,
            self.last_seen,
            self.evidence,
        ]
    }
}

/// Adds what is new of each report to the inventory; gives the number of findings that each raised.
///
/// Rows that agents share are written in one order, programs, destinations and findings, each of them sorted, so that
/// of two transactions one at most waits for the other.
pub(super) async fn apply(
    transaction: &mut Transaction,
    news: &[News<'_>],
    policy: &InForce,
    vendors: &Vendors,
) -> Result<Vec<usize>, StoreError> {
    let mut raised = vec![0; news.len()];
    let tallies: Vec<(i64, Tally<'_>)> = news
        .iter()
        .flat_map(|news| {
            Tally::of(&news.observations)
                .into_iter()
                .map(|tally| (news.agent, tally))
        })
        .collect();
    if tallies.is_empty() {
        return Ok(raised);
    }
    let programs: BTreeSet<_> = tallies.iter().map(|(_, tally)| tally.program()).collect();
    let programs = ids(transaction, PROGRAMS, programs).await?;
    let destinations: BTreeSet<_> = tallies.iter().map(|(_, tally)| tally.destination()).collect();
    let destinations = ids(transaction, DESTINATIONS, destinations).await?;
    let callers = callers::apply(transaction, &tallies, &programs).await?;

    let mut hours: Vec<[i64; 9]> = Vec::with_capacity(tallies.len());
    let mut uses: BTreeMap<[i64; 2], (Sum, i64)> = BTreeMap::new();
    let mut raising = Raising::begin(transaction, news, policy, vendors).await?;
    for (agent, tally) in &tallies {
        let (program, destination) = (programs[&tally.program()], destinations[&tally.destination()]);
        let caller = callers[&(*agent, program, tally.facts.uid)];
        let sum = Sum::of(tally);
        let [flows, out, r#in, first, last, evidence] = sum.columns();
        hours.push([
            caller,
            destination,
            tally.hour,
            flows,
            out,
            r#in,
            first,
            last,
            evidence,
        ]);
        let direct = tally.direct_seen();
        uses.entry([caller, destination])
            .and_modify(|(all, last)| (*all, *last) = (all.and(sum), direct.max(*last)))
            .or_insert((sum, direct));
        let rows = Rows {
            caller,
            program,
            destination,
        };
        raising.look(*agent, tally, rows);
    }
    hours.sort_unstable();
    OBSERVE.write(transaction, &hours).await?;
    let uses: Vec<[i64; 9]> = uses
        .into_iter()
        .map(|([caller, destination], (sum, direct))| {
            let [flows, out, r#in, first, last, evidence] = sum.columns();
            [
                caller,
                destination,
                flows,
                out,
                r#in,
                first,
                last,
                evidence,
                direct,
            ]
        })
        .collect();
    USE.write(transaction, &uses).await?;
    activities::note(transaction, &uses).await?;
    let found = raising.write(transaction).await?;
    for (raised, news) in raised.iter_mut().zip(news) {
        *raised = found.iter().filter(|agent| **agent == news.agent).count();
    }
    Ok(raised)
}

/// The ids of a dictionary's rows; those that are missing are added. Every key has one.
async fn ids<'a, const N: usize>(
    transaction: &mut Transaction,
    dictionary: Dictionary,
    keys: BTreeSet<[&'a str; N]>,
) -> Result<HashMap<[&'a str; N], i64>, StoreError> {
    let keys: Vec<[&str; N]> = keys.into_iter().collect();
    let rows: Vec<Vec<String>> = keys
        .iter()
        .enumerate()
        .map(|(place, key)| {
            let place = place.to_string();
            std::iter::once(place)
                .chain(key.iter().map(|part| (*part).to_owned()))
                .collect()
        })
        .collect();
    let text = json(&rows)?;
    let mut ids = numbered(transaction, dictionary.find, &text).await?;
    if ids.len() < keys.len() {
        execute(transaction, dictionary.add, rows).await?;
        ids = numbered(transaction, dictionary.find, &text).await?;
    }
    by_key(keys, &ids)
}

/// Runs a statement that gives the place of an item of `rows` and a number, or none; gives those that have one.
pub(super) async fn numbered(
    transaction: &mut Transaction,
    wording: Wording,
    rows: &str,
) -> Result<HashMap<i64, i64>, StoreError> {
    let statement = transaction.word(wording);
    let numbers: Vec<(i64, Option<i64>)> = on!(transaction, |db| sqlx::query_as(statement)
        .bind(rows)
        .fetch_all(&mut **db)
        .await)?;
    Ok(numbers
        .into_iter()
        .filter_map(|(place, number)| Some((place, number?)))
        .collect())
}

/// Puts the ids of places beside the keys of these places.
fn by_key<K: Eq + Hash>(keys: Vec<K>, ids: &HashMap<i64, i64>) -> Result<HashMap<K, i64>, StoreError> {
    keys.into_iter()
        .zip(0..)
        .map(|(key, place)| Some((key, *ids.get(&place)?)))
        .collect::<Option<_>>()
        .ok_or(StoreError::Gone)
}

/// Runs a statement with these rows, if there are any.
pub(super) async fn execute<T: Serialize>(
    transaction: &mut Transaction,
    wording: Wording,
    rows: Vec<T>,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = json(rows)?;
    let statement = transaction.word(wording);
    on!(transaction, |db| sqlx::query(statement)
        .bind(&rows)
        .execute(&mut **db)
        .await
        .map(drop))?;
    Ok(())
}

/// Rows as the statements take them.
pub(super) fn json<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&rows.into_iter().collect::<Vec<_>>())?)
}
