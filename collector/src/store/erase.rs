//! Takes one person's name out of what the store keeps, in bites: no statement holds up reports for long.
//!
//! A caller's row is known by its user id, and the next report of the same user would give it its name back. So the user id
//! goes, too: it becomes a number that no host gives ([`NO_UID`] and the row's own), and what that user does later is
//! another caller.
//!
//! One name goes at a time, in all collectors and commands on the store: PostgreSQL lets two of them read the same row, and the one
//! that writes last would put back what the other took out.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::audit::{Action, By, record};
use super::batch::execute;
use super::both::{Wording, with_rows};
use super::{Duty, Store, StoreError, on};
use crate::person::Pseudonym;

/// Rows that are looked at in one transaction.
const BITE: i64 = 1_000;
/// Between two of them, for reports.
const REST: Duration = Duration::from_millis(20);
/// So long others wait for one that was stopped; it is kept at each bite.
const LEASE: Duration = Duration::from_mins(2);
/// Above all user ids, which have 32 bits.
const NO_UID: i64 = 1 << 32;

/// What was changed, and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Callers that were the person's, or whose paths named them.
    pub callers: u64,
    /// Programs whose fleet-wide names named them.
    pub programs: u64,
    /// Findings that they decided, or whose reasons named them.
    pub findings: u64,
    /// Requests that they made or decided, or that are about them.
    pub requests: u64,
    /// Accounts of that name that may log in, and so keep it.
    pub accounts: u64,
    /// Saved views whose names or questions named them.
    pub views: u64,
    /// Entries of the audit log by that name: nothing there is ever changed.
    pub audit: u64,
    /// Versions of the policy whose texts name them: nothing there is ever changed.
    pub policies: u64,
}

/// Texts of a row by which its name may be told: `None` where there is none.
type Texts = [Option<String>; 6];

/// Number, user id, and the texts.
type Caller = (
    i64,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);
/// Number, who decided and why.
type Decided = (i64, Option<String>, Option<String>);
/// Number, sanction, who asked, who decided and why.
type Asked = (
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

const CALLERS: &str = "SELECT id, uid, user_name, user_groups, exe, script, unit, origin FROM callers
    WHERE id > $1 ORDER BY id LIMIT $2";
/// Items are the number, the user id, and the texts.
const CALLER: Wording = with_rows!(
    "UPDATE callers SET uid = CAST(value ->> 1 AS BIGINT), user_name = value ->> 2, user_groups = value ->> 3,
            exe = value ->> 4, script = value ->> 5, unit = value ->> 6, origin = value ->> 7 FROM",
    "WHERE callers.id = CAST(value ->> 0 AS BIGINT)"
);

const PROGRAMS: &str = "SELECT id, name FROM programs WHERE id > $1 ORDER BY id LIMIT $2";
/// Items are the number, the name, and the name before.
const PROGRAM: Wording = with_rows!(
    "UPDATE programs SET name = value ->> 1 FROM",
    "WHERE programs.id = CAST(value ->> 0 AS BIGINT)"
);
/// What programs are searched by. Another program may have that term already.
const TERM: Wording = with_rows!(
    "UPDATE terms SET text = lower(value ->> 1) FROM",
    "WHERE terms.kind = 2 AND terms.text = lower(value ->> 2)
       AND (SELECT t.id FROM terms t WHERE t.kind = 2 AND t.text = lower(value ->> 1)) IS NULL"
);

const FINDINGS: &str = "SELECT id, decided_by, decided_reason FROM findings
    WHERE id > $1 AND decided IS NOT NULL ORDER BY id LIMIT $2";
const FINDING: Wording = with_rows!(
    "UPDATE findings SET decided_by = value ->> 1, decided_reason = value ->> 2 FROM",
    "WHERE findings.id = CAST(value ->> 0 AS BIGINT)"
);

const REQUESTS: &str =
    "SELECT id, sanction, requester, settler, why FROM requests WHERE id > $1 ORDER BY id LIMIT $2";
const REQUEST: Wording = with_rows!(
    "UPDATE requests SET sanction = value ->> 1, requester = value ->> 2, settler = value ->> 3, why = value ->> 4 FROM",
    "WHERE requests.id = CAST(value ->> 0 AS BIGINT)"
);

const VIEWS: &str = "SELECT id, name, query FROM views WHERE id > $1 ORDER BY id LIMIT $2";
const VIEW: Wording = with_rows!(
    "UPDATE views SET name = value ->> 1, query = value ->> 2 FROM",
    "WHERE views.id = CAST(value ->> 0 AS BIGINT)"
);

/// What people search by, once no use has it.
const FORGET: &str = "DELETE FROM terms WHERE kind = 3 AND text = lower($1)
    AND NOT EXISTS (SELECT 1 FROM postings WHERE postings.term = terms.id)";

/// What a shut account kept goes with its name.
const OWN_VIEWS: &str = "DELETE FROM views WHERE account IN
    (SELECT name FROM accounts WHERE name = lower($1) AND disabled IS NOT NULL)";
/// An account is known by its name: only one that is shut, and so has no session, can do without.
const ACCOUNT: &str = "UPDATE accounts SET name = $2 WHERE name = lower($1) AND disabled IS NOT NULL";
const MAKER: &str = "UPDATE api_tokens SET maker = $2 WHERE lower(maker) = lower($1)";

/// Goes through a table: reads a bite after a number with `$read`, has `$change` make rows of it, and writes these.
macro_rules! each_bite {
    ($store:ident, $duty:expr, $read:expr, $write:expr, $row:ty, |$bite:ident| $change:expr) => {{
        let (mut after, mut changed) = (0_i64, 0_u64);
        loop {
            $store.keep_erasing($duty).await?;
            let mut transaction = $store.begin().await?;
            let $bite: Vec<$row> = on!(&mut transaction, |db| {
                sqlx::query_as($read)
                    .bind(after)
                    .bind(BITE)
                    .fetch_all(&mut **db)
                    .await
            })?;
            let Some(last) = $bite.last().map(|row| row.0) else {
                break;
            };
            after = last;
            let rows: Vec<_> = $change;
            changed += rows.len() as u64;
            for wording in $write {
                execute(&mut transaction, wording, rows.clone()).await?;
            }
            transaction.commit().await?;
            tokio::time::sleep(REST).await;
        }
        changed
    }};
}

impl Store {
    /// Puts a pseudonym in the place of a person's name; gives what was changed, or `None` while another name goes, and then
    /// nothing was done. It may be stopped at any time, and gone on with the same pseudonym. The audit log says that it
    /// began, why, and what it changed, without the name.
    pub async fn erase_person(
        &self,
        person: &Pseudonym,
        reason: &str,
        by: &By<'_>,
    ) -> Result<Option<Erased>, StoreError> {
        let duty = Duty {
            name: "erasure",
            holder: Uuid::new_v4(),
        };
        if self.take_duty(duty, Timestamp::now(), LEASE).await?.is_none() {
            return Ok(None);
        }
        let done = self.erase(person, reason, by, duty).await;
        // If it cannot be left, the next one waits a little.
        let _ = self.leave_duty(duty).await;
        done.map(Some)
    }

    /// Keeps the next one waiting.
    async fn keep_erasing(&self, duty: Duty) -> Result<(), StoreError> {
        let kept = self.take_duty(duty, Timestamp::now(), LEASE).await?;
        kept.map(drop).ok_or(StoreError::Overtaken)
    }

    async fn erase(
        &self,
        person: &Pseudonym,
        reason: &str,
        by: &By<'_>,
        duty: Duty,
    ) -> Result<Erased, StoreError> {
        let mut transaction = self.begin().await?;
        let detail = json!({ "reason": reason });
        record(
            &mut transaction,
            by,
            Action::ErasureBegun,
            person.instead(),
            &detail,
        )
        .await?;
        transaction.commit().await?;
        let callers = self.erase_callers(person, duty).await?;
        let programs = each_bite!(self, duty, PROGRAMS, [TERM, PROGRAM], (i64, String), |bite| {
            let changed = bite
                .iter()
                .filter_map(|(id, name)| Some((*id, person.without(name)?, name.clone())));
            changed.collect()
        });
        let findings = each_bite!(self, duty, FINDINGS, [FINDING], Decided, |bite| {
            let changed = bite
                .into_iter()
                .filter_map(|(id, by, reason)| Some((id, person.cleared([by, reason])?)));
            changed.map(|(id, [by, reason])| (id, by, reason)).collect()
        });
        let requests = each_bite!(self, duty, REQUESTS, [REQUEST], Asked, |bite| {
            let changed = bite
                .into_iter()
                .filter_map(|(id, sanction, requester, settler, why)| {
                    Some((id, person.cleared([sanction, requester, settler, why])?))
                });
            changed
                .map(|(id, [sanction, requester, settler, why])| (id, sanction, requester, settler, why))
                .collect()
        });
        let views = each_bite!(self, duty, VIEWS, [VIEW], (i64, String, String), |bite| {
            let changed = bite.into_iter().filter_map(|(id, name, query)| {
                let asked = form_urlencoded::parse(query.as_bytes()).into_owned();
                let (fields, values): (Vec<String>, Vec<String>) = asked.unzip();
                let without = values.iter().map(|value| person.without(value));
                let values: Vec<String> = without
                    .zip(&values)
                    .map(|(new, old)| new.unwrap_or(old.clone()))
                    .collect();
                let mut text = form_urlencoded::Serializer::new(String::new());
                let text = text.extend_pairs(fields.iter().zip(&values)).finish();
                let is_other = text != query || person.without(&name).is_some();
                is_other.then(|| (id, person.without(&name).unwrap_or(name), text))
            });
            changed.collect()
        });
        for forget in [FORGET, OWN_VIEWS] {
            on!(self.writer(), |db| sqlx::query(forget)
                .bind(person.name())
                .execute(db)
                .await
                .map(drop))?;
        }
        for change in [ACCOUNT, MAKER] {
            on!(self.writer(), |db| sqlx::query(change)
                .bind(person.name())
                .bind(person.instead())
                .execute(db)
                .await
                .map(drop))?;
        }
        let mut erased = Erased {
            accounts: self.open_accounts(person).await?,
            callers,
            programs,
            findings,
            requests,
            views,
            ..Erased::default()
        };
        (erased.audit, erased.policies) = self.kept(person).await?;
        let mut transaction = self.begin().await?;
        let detail = json!({ "callers": callers, "programs": programs, "findings": findings, "requests": requests, "views": views });
        record(
            &mut transaction,
            &By {
                time: Timestamp::now(),
                ..*by
            },
            Action::PersonErased,
            person.instead(),
            &detail,
        )
        .await?;
        transaction.commit().await?;
        Ok(erased)
    }

    async fn erase_callers(&self, person: &Pseudonym, duty: Duty) -> Result<u64, StoreError> {
        Ok(each_bite!(self, duty, CALLERS, [CALLER], Caller, |bite| {
            let changed =
                bite.into_iter()
                    .filter_map(|(id, uid, name, groups, exe, script, unit, origin)| {
                        let is_theirs = name.as_deref().is_some_and(|name| person.is(name));
                        let uid = if is_theirs { NO_UID + id } else { uid };
                        let texts: Texts = [name, groups, exe, script, unit, origin];
                        Some((id, uid, person.cleared(texts)?))
                    });
            changed
                .map(|(id, uid, [name, groups, exe, script, unit, origin])| {
                    (id, uid, name, groups, exe, script, unit, origin)
                })
                .collect()
        }))
    }

    async fn open_accounts(&self, person: &Pseudonym) -> Result<u64, StoreError> {
        let accounts: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT count(*) FROM accounts WHERE name = lower($1)")
                .bind(person.name())
                .fetch_one(db)
                .await
        })?;
        Ok(super::count(accounts))
    }

    /// How much names the person that is never changed: entries of the audit log, versions of the policy.
    async fn kept(&self, person: &Pseudonym) -> Result<(u64, u64), StoreError> {
        let entries: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT count(*) FROM audit WHERE lower(actor) = lower($1)")
                .bind(person.name())
                .fetch_one(db)
                .await
        })?;
        let (mut before, mut policies) = (u64::MAX, 0);
        loop {
            let versions = self.policy_versions(before, 100).await?;
            let Some(last) = versions.last() else { break };
            before = last.version;
            for version in versions {
                let text = self.policy_text(version.version).await?.unwrap_or_default();
                policies += u64::from(person.without(&text).is_some() || person.is(&version.actor));
            }
        }
        Ok((super::count(entries), policies))
    }
}

impl Pseudonym {
    /// Texts without the name; `None`: it is in none of them.
    fn cleared<const N: usize>(&self, texts: [Option<String>; N]) -> Option<[Option<String>; N]> {
        let mut any = false;
        let texts = texts.map(|text| {
            let without = text.as_deref().and_then(|text| self.without(text));
            any |= without.is_some();
            without.or(text)
        });
        any.then_some(texts)
    }
}
