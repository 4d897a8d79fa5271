//! Versions of the policy. Each is kept for good, with the sanctions that it began and ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use umbra_policy::{Change, File, Rules, Sanction, difference};

use super::audit::{Action, By, record};
use super::batch::execute;
use super::both::{Wording, with_rows};
use super::{Store, StoreError, Transaction, count, millis, on, stored, time};
use crate::authority::fingerprint;
use crate::policy::InForce;

/// A change of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: u64,
    /// When it came into force.
    pub applied: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What for, in their words.
    pub comment: String,
}

/// The policy of a version.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Which; `None` before anything was decided.
    pub version: Option<PolicyVersion>,
    /// Users of the policy's groups.
    pub groups: BTreeMap<String, BTreeSet<String>>,
    /// What is in force, in the order in which it was decided.
    pub sanctions: Vec<Sanction>,
    /// What is in force beside them.
    pub rules: Rules,
}

/// A change that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewPolicy<'a> {
    /// What is to be in force.
    pub file: &'a File,
    /// Its text.
    pub text: &'a str,
    /// What for.
    pub comment: &'a str,
    /// The version that it was planned against, 0 for none; another one is refused.
    pub against: u64,
}

impl Decided {
    /// Its number; 0 before anything was decided.
    pub fn number(&self) -> u64 {
        self.version.as_ref().map_or(0, |version| version.version)
    }
}

type Row = (i64, i64, String, String, String);
/// With the rules.
type Whole = (i64, i64, String, String, String, Option<String>);

/// A sanction that begins.
#[derive(Serialize)]
struct Begins<'a>(&'a str, String, i64);

/// Items are name, body and version.
const BEGIN: Wording = with_rows!(
    "INSERT INTO sanctions (name, body, began) SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT) FROM",
    "WHERE true"
);

/// Items are names.
const END: Wording = with_rows!(
    "UPDATE sanctions SET ended = (SELECT max(version) FROM policies)
     WHERE ended IS NULL AND name IN (SELECT value ->> 0 FROM",
    ")"
);

impl Store {
    /// The policy as of now, whoever changed it: another collector on the same store, or a command.
    pub(crate) async fn in_force(&self) -> Result<Arc<InForce>, StoreError> {
        let version = self.policy_version().await?;
        let last = Arc::clone(&self.in_force.lock().unwrap_or_else(PoisonError::into_inner));
        if last.decided.number() == version {
            return Ok(last);
        }
        // It is kept for good, so it is there.
        let decided = self.policy(version).await?.unwrap_or_default();
        let read = Arc::new(InForce::from(decided));
        let mut last = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        if last.decided.number() < version {
            *last = Arc::clone(&read);
        }
        Ok(read)
    }

    /// Number of the policy's last version; 0 before anything was decided.
    pub async fn policy_version(&self) -> Result<u64, StoreError> {
        let last: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT max(version) FROM policies")
                .fetch_one(db)
                .await
        })?;
        Ok(last.map_or(0, count))
    }

    /// Number of the version that was in force at a time; 0 before anything was decided.
    pub async fn policy_version_at(&self, moment: Timestamp) -> Result<u64, StoreError> {
        let last: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT max(version) FROM policies WHERE applied <= $1")
                .bind(millis(moment))
                .fetch_one(db)
                .await
        })?;
        Ok(last.map_or(0, count))
    }

    /// The policy of a version; `None`: there is no such version. Version 0 decides nothing.
    pub async fn policy(&self, version: u64) -> Result<Option<Decided>, StoreError> {
        if version == 0 {
            return Ok(Some(Decided::default()));
        }
        let row: Option<Whole> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT version, applied, actor, comment, members, rules FROM policies WHERE version = $1",
            )
            .bind(stored(version))
            .fetch_optional(db)
            .await
        })?;
        let Some((number, applied, actor, comment, members, rules)) = row else {
            return Ok(None);
        };
        let row = (number, applied, actor, comment, members);
        // What began later and what ended by then is left out, so that no newer version is in the way.
        let bodies: Vec<String> = on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT body FROM sanctions WHERE began <= $1 AND (ended IS NULL OR ended > $1) ORDER BY began, id",
            )
            .bind(stored(version))
            .fetch_all(db)
            .await
        })?;
        let sanctions = bodies.iter().map(|body| serde_json::from_str(body));
        Ok(Some(Decided {
            groups: serde_json::from_str(&row.4)?,
            version: Some(named(row)),
            rules: rules
                .map(|rules| serde_json::from_str(&rules))
                .transpose()?
                .unwrap_or_default(),
            sanctions: sanctions.collect::<Result<_, _>>()?,
        }))
    }

    /// Versions of the policy, the newest first: at most `most` that are before `before`.
    pub async fn policy_versions(&self, before: u64, most: u16) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT version, applied, actor, comment, members FROM policies WHERE version < $1
                 ORDER BY version DESC LIMIT $2",
            )
            .bind(stored(before))
            .bind(i64::from(most))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(named).collect())
    }

    /// The text of the file that a version was made of; `None`: there is no such version.
    pub async fn policy_text(&self, version: u64) -> Result<Option<String>, StoreError> {
        let text: Option<Option<String>> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT file FROM policies WHERE version = $1")
                .bind(stored(version))
                .fetch_optional(db)
                .await
        })?;
        Ok(text.flatten())
    }

    /// Puts what a file says in the place of what is in force, all at once; gives the number of the version.
    ///
    /// [`StoreError::PolicyMoved`] when somebody was faster.
    pub async fn apply_policy(&self, new: &NewPolicy<'_>, by: &By<'_>) -> Result<u64, StoreError> {
        let Some(before) = self.policy(new.against).await? else {
            return Err(moved(new.against, 0));
        };
        let mut transaction = self.begin().await?;
        if let Some(version) = put_in_force(&mut transaction, before, new, by).await? {
            transaction.commit().await?;
            return Ok(version);
        }
        drop(transaction);
        Err(moved(new.against, self.policy_version().await?))
    }
}

/// Somebody was faster.
pub(super) const fn moved(planned: u64, version: u64) -> StoreError {
    StoreError::PolicyMoved { planned, version }
}

/// Puts what a file says in the place of `before`, which is version `new.against`; gives the number of the version, or
/// `None` when that one is not the last.
pub(super) async fn put_in_force(
    transaction: &mut Transaction,
    before: Decided,
    new: &NewPolicy<'_>,
    by: &By<'_>,
) -> Result<Option<u64>, StoreError> {
    let version = new.against + 1;
    let applied = before.version.map_or(millis(by.time), |last| {
        millis(by.time).max(millis(last.applied).saturating_add(1))
    });
    let (mut begin, mut end) = (Vec::new(), Vec::new());
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for change in difference(&before.sanctions, &new.file.sanctions) {
        match change {
            Change::Added(sanction) => added.push(&sanction.id),
            Change::Changed(sanction, _) => changed.push(&sanction.id),
            Change::Removed(sanction) => removed.push(&sanction.id),
        }
    }
    end.extend(changed.iter().chain(&removed).map(|id| [*id]));
    // The file is in the version; its hash ties the version to the entry.
    let detail = json!({
        "comment": new.comment,
        "added": added,
        "changed": changed,
        "removed": removed,
        "egress": new.file.egress.len(),
        "plans": new.file.plans.len(),
        "sha256": fingerprint(new.text.as_bytes()),
    });
    let stays = |sanction: &&Sanction| !before.sanctions.contains(sanction);
    for sanction in new.file.sanctions.iter().filter(stays) {
        begin.push(Begins(
            &sanction.id,
            serde_json::to_string(sanction)?,
            stored(version),
        ));
    }
    let members = serde_json::to_string(&new.file.groups)?;
    let rules = serde_json::to_string(&new.file.rules())?;
    // Of two that do this at once, one has its row refused.
    let done: Result<_, sqlx::Error> = on!(&mut *transaction, |db| {
        sqlx::query(
            "INSERT INTO policies (version, applied, actor, comment, members, file, rules)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT DO NOTHING",
        )
        .bind(stored(version))
        .bind(applied)
        .bind(by.actor)
        .bind(new.comment)
        .bind(&members)
        .bind(new.text)
        .bind(&rules)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected())
    });
    if done? == 0 {
        return Ok(None);
    }
    execute(transaction, END, end).await?;
    execute(transaction, BEGIN, begin).await?;
    record(transaction, by, Action::PolicyApplied, version, &detail).await?;
    Ok(Some(version))
}

fn named((version, applied, actor, comment, _): Row) -> PolicyVersion {
    PolicyVersion {
        version: count(version),
        applied: time(applied),
        actor,
        comment,
    }
}
