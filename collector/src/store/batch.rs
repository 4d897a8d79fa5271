//! A report's observations go into a table in memory in one statement, and from there into the inventory with one
//! statement a table, however many there are.

use sqlx::SqliteConnection;
use umbra_report::Observation;
use uuid::Uuid;

use super::StoreError;
use crate::findings;
use crate::inventory::Tally;

/// Makes the table in memory that a batch passes through; it lives as long as the connection.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "CREATE TEMP TABLE IF NOT EXISTS batch (
             program TEXT, place TEXT, uid INTEGER, user_name TEXT, exe TEXT, script TEXT, container TEXT,
             image TEXT, pod TEXT, namespace TEXT, workload TEXT, unit TEXT, package TEXT, package_version TEXT,
             sha256 TEXT, vendor TEXT, service TEXT, kind TEXT, name TEXT, hour INTEGER, flows INTEGER,
             bytes_out INTEGER, bytes_in INTEGER, first_seen INTEGER, last_seen INTEGER, evidence INTEGER,
             finding INTEGER, program_id INTEGER, destination_id INTEGER, caller_id INTEGER)",
    )
    .execute(connection)
    .await?;
    Ok(())
}

const FILL: &str = "
    INSERT INTO temp.batch (program, place, uid, user_name, exe, script, container, image, pod, namespace, workload,
                            unit, package, package_version, sha256, vendor, service, kind, name, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence, finding)
    SELECT value ->> 'program', value ->> 'place', value ->> 'uid', value ->> 'user_name', value ->> 'exe',
           value ->> 'script', value ->> 'container', value ->> 'image', value ->> 'pod',
           value ->> 'namespace', value ->> 'workload', value ->> 'unit', value ->> 'package',
           value ->> 'package_version', value ->> 'sha256', value ->> 'vendor',
           value ->> 'service', value ->> 'kind', value ->> 'name', value ->> 'hour', value ->> 'flows',
           value ->> 'bytes_out', value ->> 'bytes_in', value ->> 'first_seen', value ->> 'last_seen',
           value ->> 'evidence', value ->> 'finding'
    FROM json_each(?)";

const NAME_PARTS: [&str; 3] = [
    "INSERT INTO programs (name, place) SELECT DISTINCT program, place FROM temp.batch WHERE true
     ON CONFLICT DO NOTHING",
    "INSERT INTO destinations (vendor, service, kind, name)
     SELECT DISTINCT vendor, service, kind, name FROM temp.batch WHERE true
     ON CONFLICT DO NOTHING",
    "UPDATE temp.batch SET
         program_id = (SELECT id FROM programs p WHERE p.name = batch.program AND p.place = batch.place),
         destination_id = (SELECT id FROM destinations d WHERE d.vendor = batch.vendor
                           AND d.service = batch.service AND d.kind = batch.kind AND d.name = batch.name)",
];

const NAME_CALLERS: [&str; 2] = [
    // What is not said this time keeps what was said before.
    "INSERT INTO callers (agent, program, uid, user_name, exe, script, container, image, pod, namespace, workload,
                          unit, package, package_version, sha256)
     SELECT ?, program_id, uid, max(user_name), max(exe), max(script), max(container), max(image), max(pod),
            max(namespace), max(workload), max(unit), max(package), max(package_version), max(sha256)
     FROM temp.batch WHERE true GROUP BY program_id, uid
     ON CONFLICT (agent, program, uid) DO UPDATE SET
         user_name = coalesce(excluded.user_name, callers.user_name),
         exe = coalesce(excluded.exe, callers.exe), script = coalesce(excluded.script, callers.script),
         container = coalesce(excluded.container, callers.container),
         image = coalesce(excluded.image, callers.image), pod = coalesce(excluded.pod, callers.pod),
         namespace = coalesce(excluded.namespace, callers.namespace),
         workload = coalesce(excluded.workload, callers.workload), unit = coalesce(excluded.unit, callers.unit),
         package = coalesce(excluded.package, callers.package),
         package_version = coalesce(excluded.package_version, callers.package_version),
         sha256 = coalesce(excluded.sha256, callers.sha256)",
    "UPDATE temp.batch SET caller_id = (SELECT id FROM callers c
         WHERE c.agent = ? AND c.program = batch.program_id AND c.uid = batch.uid)",
];

/// A sum that would pass the greatest integer stays at it; SQLite would turn it into a float.
macro_rules! add_up {
    ($table:literal) => {
        concat!(
            "flows = min(",
            $table,
            ".flows, 9223372036854775807 - excluded.flows) + excluded.flows,
             bytes_out = min(",
            $table,
            ".bytes_out, 9223372036854775807 - excluded.bytes_out) + excluded.bytes_out,
             bytes_in = min(",
            $table,
            ".bytes_in, 9223372036854775807 - excluded.bytes_in) + excluded.bytes_in,
             first_seen = min(",
            $table,
            ".first_seen, excluded.first_seen),
             last_seen = max(",
            $table,
            ".last_seen, excluded.last_seen),
             evidence = min(",
            $table,
            ".evidence, excluded.evidence)"
        )
    };
}

const OBSERVE: [&str; 2] = [
    concat!(
        "INSERT INTO observations (caller, destination, hour, flows, bytes_out, bytes_in, first_seen, last_seen,
                                   evidence)
         SELECT caller_id, destination_id, hour, flows, bytes_out, bytes_in, first_seen, last_seen, evidence
         FROM temp.batch WHERE true
         ON CONFLICT (caller, destination, hour) DO UPDATE SET ",
        add_up!("observations")
    ),
    concat!(
        "INSERT INTO uses (caller, destination, flows, bytes_out, bytes_in, first_seen, last_seen, evidence)
         SELECT caller_id, destination_id, sum(flows), sum(bytes_out), sum(bytes_in), min(first_seen),
                max(last_seen), min(evidence)
         FROM temp.batch WHERE true GROUP BY caller_id, destination_id
         ON CONFLICT (caller, destination) DO UPDATE SET ",
        add_up!("uses")
    ),
];

const FIND: &str = "
    INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created)
    SELECT ?, program_id, vendor, caller_id, destination_id, evidence, first_seen, ? FROM (
        SELECT *, row_number() OVER (PARTITION BY program_id, vendor ORDER BY first_seen, evidence) AS place_in_line
        FROM temp.batch WHERE finding = 1) AS candidates
    WHERE place_in_line = 1
    ON CONFLICT (kind, program, vendor) DO NOTHING
    RETURNING id";

/// Adds the observations of `agent` to the inventory; gives the number of findings that they raised.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    agent: i64,
    observations: &[&Observation],
    now: i64,
    alert: bool,
) -> Result<usize, StoreError> {
    let tallies = serde_json::to_string(&Tally::of(observations))?;
    sqlx::query(FILL).bind(tallies).execute(&mut *connection).await?;
    for statement in NAME_PARTS {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    for statement in NAME_CALLERS {
        sqlx::query(statement)
            .bind(agent)
            .execute(&mut *connection)
            .await?;
    }
    for statement in OBSERVE {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    let raised: Vec<i64> = sqlx::query_scalar(FIND)
        .bind(findings::NEW_CALLER)
        .bind(now)
        .fetch_all(&mut *connection)
        .await?;
    if alert {
        for finding in &raised {
            sqlx::query(
                "INSERT INTO outbox (delivery, finding, state, attempts, due, created)
                 VALUES (?1, ?2, 'pending', 0, ?3, ?3)",
            )
            .bind(Uuid::new_v4().to_string())
            .bind(finding)
            .bind(now)
            .execute(&mut *connection)
            .await?;
        }
    }
    sqlx::query("DELETE FROM temp.batch").execute(connection).await?;
    Ok(raised.len())
}
