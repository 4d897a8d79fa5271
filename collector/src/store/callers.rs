use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::batch::{json, numbered};
use super::both::{Wording, with_rows};
use super::{StoreError, Transaction, on};
use crate::inventory::{Facts, Tally};

/// A caller's key: the agent's row, the program's, the user id.
pub(super) type Key = (i64, i64, u32);

/// A caller of an agent, as the statements take it.
#[derive(Serialize)]
struct Row<'a> {
    place: usize,
    agent: i64,
    program: i64,
    #[serde(flatten)]
    facts: &'a Facts<'a>,
}

/// Whether one of these is said and not known. What is not said is NULL, and makes no difference.
macro_rules! news {
    ($($column:literal),+) => {
        concat!("(false", $(" OR value ->> '", $column, "' <> coalesce(callers.", $column, ", '')"),+, ")")
    };
}

/// Gives the place and the id, which is negative when there is news of the caller. Nothing is written, and so locked, of
/// what is known.
const FIND: Wording = with_rows!(
    concat!(
        "SELECT CAST(value ->> 'place' AS BIGINT),
                (SELECT CASE WHEN ",
        news!(
            "user_name",
            "user_groups",
            "exe",
            "script",
            "container",
            "image",
            "pod",
            "namespace",
            "workload",
            "unit",
            "package",
            "package_version",
            "sha256",
            "origin"
        ),
        " THEN -callers.id ELSE callers.id END FROM callers
                 WHERE callers.agent = CAST(value ->> 'agent' AS BIGINT)
                   AND callers.program = CAST(value ->> 'program' AS BIGINT)
                   AND callers.uid = CAST(value ->> 'uid' AS BIGINT)) FROM"
    ),
    ""
);

/// What is not said this time keeps what was said before.
const SAY: Wording = with_rows!(
    "INSERT INTO callers (agent, program, uid, user_name, user_groups, exe, script, container, image, pod, namespace,
                          workload, unit, package, package_version, sha256, origin)
     SELECT CAST(value ->> 'agent' AS BIGINT), CAST(value ->> 'program' AS BIGINT), CAST(value ->> 'uid' AS BIGINT),
            value ->> 'user_name', value ->> 'user_groups', value ->> 'exe', value ->> 'script', value ->> 'container',
            value ->> 'image', value ->> 'pod', value ->> 'namespace', value ->> 'workload', value ->> 'unit',
            value ->> 'package', value ->> 'package_version', value ->> 'sha256', value ->> 'origin'
     FROM",
    "WHERE true
     ON CONFLICT (agent, program, uid) DO UPDATE SET
         user_name = coalesce(excluded.user_name, callers.user_name),
         user_groups = coalesce(excluded.user_groups, callers.user_groups),
         exe = coalesce(excluded.exe, callers.exe), script = coalesce(excluded.script, callers.script),
         container = coalesce(excluded.container, callers.container),
         image = coalesce(excluded.image, callers.image), pod = coalesce(excluded.pod, callers.pod),
         namespace = coalesce(excluded.namespace, callers.namespace),
         workload = coalesce(excluded.workload, callers.workload), unit = coalesce(excluded.unit, callers.unit),
         package = coalesce(excluded.package, callers.package),
         package_version = coalesce(excluded.package_version, callers.package_version),
         sha256 = coalesce(excluded.sha256, callers.sha256), origin = coalesce(excluded.origin, callers.origin)
     RETURNING agent, program, uid, id"
);

/// Writes down what is said of the callers, which `tallies` give by their agent; gives their ids.
pub(super) async fn apply(
    transaction: &mut Transaction,
    tallies: &[(i64, Tally<'_>)],
    programs: &HashMap<[&str; 2], i64>,
) -> Result<HashMap<Key, i64>, StoreError> {
    let mut callers: BTreeMap<Key, Facts<'_>> = BTreeMap::new();
    for (agent, tally) in tallies {
        callers
            .entry((*agent, programs[&tally.program()], tally.facts.uid))
            .and_modify(|facts| facts.add(&tally.facts))
            .or_insert_with(|| tally.facts.clone());
    }
    let rows: Vec<Row<'_>> = callers
        .iter()
        .enumerate()
        .map(|(place, ((agent, program, _), facts))| Row {
            place,
            agent: *agent,
            program: *program,
            facts,
        })
        .collect();
    let found = numbered(transaction, FIND, &json(&rows)?).await?;
    let mut ids = HashMap::with_capacity(rows.len());
    let mut news: Vec<&Row<'_>> = Vec::new();
    for (row, place) in rows.iter().zip(0..) {
        match found.get(&place) {
            Some(id) if *id > 0 => {
                ids.insert((row.agent, row.program, row.facts.uid), *id);
            }
            _ => news.push(row),
        }
    }
    if !news.is_empty() {
        let text = json(news)?;
        let statement = transaction.word(SAY);
        let said: Vec<(i64, i64, i64, i64)> = on!(&mut *transaction, |db| sqlx::query_as(statement)
            .bind(&text)
            .fetch_all(&mut **db)
            .await)?;
        for (agent, program, uid, id) in said {
            ids.insert((agent, program, u32::try_from(uid).unwrap_or_default()), id);
        }
    }
    if ids.len() < rows.len() {
        return Err(StoreError::Gone);
    }
    Ok(ids)
}
