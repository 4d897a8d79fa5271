use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::batch::{by_key, json, numbered};
use super::both::{Wording, with_rows};
use super::{StoreError, Transaction, on};
use crate::inventory::{Facts, Tally};

/// A caller of an agent, as the statements take it.
#[derive(Serialize)]
struct Row<'a> {
    place: usize,
    agent: i64,
    program: i64,
    #[serde(flatten)]
    facts: &'a Facts<'a>,
}

/// What is not said this time keeps what was said before, and nothing is written where nothing is new.
const SAY: Wording = with_rows!(
    "INSERT INTO callers (agent, program, uid, user_name, exe, script, container, image, pod, namespace, workload,
                          unit, package, package_version, sha256, origin)
     SELECT CAST(value ->> 'agent' AS BIGINT), CAST(value ->> 'program' AS BIGINT), CAST(value ->> 'uid' AS BIGINT),
            value ->> 'user_name', value ->> 'exe', value ->> 'script', value ->> 'container', value ->> 'image',
            value ->> 'pod', value ->> 'namespace', value ->> 'workload', value ->> 'unit', value ->> 'package',
            value ->> 'package_version', value ->> 'sha256', value ->> 'origin'
     FROM",
    "WHERE true
     ON CONFLICT (agent, program, uid) DO UPDATE SET
         user_name = coalesce(excluded.user_name, callers.user_name),
         exe = coalesce(excluded.exe, callers.exe), script = coalesce(excluded.script, callers.script),
         container = coalesce(excluded.container, callers.container),
         image = coalesce(excluded.image, callers.image), pod = coalesce(excluded.pod, callers.pod),
         namespace = coalesce(excluded.namespace, callers.namespace),
         workload = coalesce(excluded.workload, callers.workload), unit = coalesce(excluded.unit, callers.unit),
         package = coalesce(excluded.package, callers.package),
         package_version = coalesce(excluded.package_version, callers.package_version),
         sha256 = coalesce(excluded.sha256, callers.sha256), origin = coalesce(excluded.origin, callers.origin)
     WHERE excluded.user_name <> coalesce(callers.user_name, '') OR excluded.exe <> coalesce(callers.exe, '')
        OR excluded.script <> coalesce(callers.script, '') OR excluded.container <> coalesce(callers.container, '')
        OR excluded.image <> coalesce(callers.image, '') OR excluded.pod <> coalesce(callers.pod, '')
        OR excluded.namespace <> coalesce(callers.namespace, '')
        OR excluded.workload <> coalesce(callers.workload, '') OR excluded.unit <> coalesce(callers.unit, '')
        OR excluded.package <> coalesce(callers.package, '')
        OR excluded.package_version <> coalesce(callers.package_version, '')
        OR excluded.sha256 <> coalesce(callers.sha256, '') OR excluded.origin <> coalesce(callers.origin, '')"
);

const FIND: Wording = with_rows!(
    "SELECT CAST(value ->> 'place' AS BIGINT), c.id FROM",
    "CROSS JOIN callers c
     WHERE c.agent = CAST(value ->> 'agent' AS BIGINT) AND c.program = CAST(value ->> 'program' AS BIGINT)
       AND c.uid = CAST(value ->> 'uid' AS BIGINT)"
);

/// Writes down what is said of the callers; gives their ids by program and user id.
pub(super) async fn apply(
    transaction: &mut Transaction,
    agent: i64,
    tallies: &[Tally<'_>],
    programs: &HashMap<[&str; 2], i64>,
) -> Result<HashMap<(i64, u32), i64>, StoreError> {
    let mut callers: BTreeMap<(i64, u32), Facts<'_>> = BTreeMap::new();
    for tally in tallies {
        callers
            .entry((programs[&tally.program()], tally.facts.uid))
            .and_modify(|facts| facts.add(&tally.facts))
            .or_insert_with(|| tally.facts.clone());
    }
    let rows = json(
        callers
            .iter()
            .enumerate()
            .map(|(place, ((program, _), facts))| Row {
                place,
                agent,
                program: *program,
                facts,
            }),
    )?;
    let statement = transaction.word(SAY);
    on!(transaction, |db| sqlx::query(statement)
        .bind(&rows)
        .execute(&mut **db)
        .await
        .map(drop))?;
    let ids = numbered(transaction, FIND, &rows).await?;
    by_key(callers.into_keys().collect(), &ids)
}
