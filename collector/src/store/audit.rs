//! Who decided what: a log to which entries are only added, in the transaction of what they tell of.
//!
//! Entries are numbered from 1. The hash of each is SHA-256 over seven texts, each after its length in bytes as a 64-bit
//! big-endian number: the hash of the entry before (hexadecimal digits; of the first one 64 zeros), number, time
//! (milliseconds since 1970), actor, action, subject and detail. So whoever changes, removes or moves an entry must write
//! all later ones anew, and whoever has noted the hash of one of those sees it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Store, StoreError, Transaction, count, millis, on, stored, time};
use crate::authority::fingerprint;

/// Entries that are verified at once.
const BITE: i64 = 1_000;
/// What the first entry follows.
const BEGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who does something, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who, for those who read it a year later.
    pub actor: &'a str,
    /// When.
    pub time: Timestamp,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    PolicyApplied,
    AnswerExported,
    Backup,
    Restored,
    ErasureBegun,
    PersonErased,
    RequestCreated,
    RequestApproved,
    RequestRefused,
    RequestWithdrawn,
    TokenCreated,
    TokenRevoked,
    FindingDecided,
    AgentRevoked,
    AgentRetired,
    AgentLabelled,
    ConfigPublished,
    ConfigRolledOut,
    RouteConfigured,
    RouteRemoved,
    RouteTested,
    NameRevealed,
    LoggedIn,
    LogInFailed,
    LoggedOut,
    AccountCreated,
    AccountChanged,
    ApiTokenCreated,
    ApiTokenRevoked,
    ViewSaved,
    ViewRenamed,
    ViewDeleted,
}

impl Action {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PolicyApplied => "policy_applied",
            Self::ErasureBegun => "erasure_begun",
            Self::PersonErased => "person_erased",
            Self::AnswerExported => "answer_exported",
            Self::Backup => "backup",
            Self::Restored => "restored",
            Self::RequestCreated => "request_created",
            Self::RequestApproved => "request_approved",
            Self::RequestRefused => "request_refused",
            Self::RequestWithdrawn => "request_withdrawn",
            Self::TokenCreated => "token_created",
            Self::TokenRevoked => "token_revoked",
            Self::FindingDecided => "finding_decided",
            Self::AgentRevoked => "agent_revoked",
            Self::AgentRetired => "agent_retired",
            Self::AgentLabelled => "agent_labelled",
            Self::ConfigPublished => "config_published",
            Self::ConfigRolledOut => "config_rolled_out",
            Self::RouteConfigured => "route_configured",
            Self::RouteRemoved => "route_removed",
            Self::RouteTested => "route_tested",
            Self::NameRevealed => "name_revealed",
            Self::LoggedIn => "logged_in",
            Self::LogInFailed => "log_in_failed",
            Self::LoggedOut => "logged_out",
            Self::AccountCreated => "account_created",
            Self::AccountChanged => "account_changed",
            Self::ApiTokenCreated => "api_token_created",
            Self::ApiTokenRevoked => "api_token_revoked",
            Self::ViewSaved => "view_saved",
            Self::ViewRenamed => "view_renamed",
            Self::ViewDeleted => "view_deleted",
        }
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 without a hole.
    pub number: u64,
    /// When it was written; not always later than the one before, as clocks are set.
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What: `policy_applied`, `token_created` and so on.
    pub action: String,
    /// To what: a version, a token's or agent's id.
    pub subject: String,
    /// More about it, JSON.
    pub detail: String,
    /// Its hash.
    pub hash: String,
}

/// The last entry of the log, to be noted elsewhere: `NUMBER:HASH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// Its number; 0 while there is none.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

/// What is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// There is a hole.
    #[error("entry {missing} of the audit log is missing")]
    Missing {
        /// The first one of the hole.
        missing: u64,
    },
    /// An entry is not what was written.
    #[error(
        "entry {number} of the audit log is not what was written there: it, or the order of entries, was changed"
    )]
    Changed {
        /// Its number.
        number: u64,
    },
    /// The last entries are gone, or were added past the log's own count.
    #[error("the audit log ends with entry {last}, and {written} were written")]
    Ends {
        /// The last one.
        last: u64,
        /// As many as there should be.
        written: u64,
    },
    /// It is whole, and another one than was noted.
    #[error(
        "entry {number} of the audit log is another one than was noted: the log was written anew from there or before"
    )]
    Rewritten {
        /// Its number.
        number: u64,
    },
}

type Row = (i64, i64, String, String, String, String, String);

impl From<Row> for Entry {
    fn from((number, at, actor, action, subject, detail, hash): Row) -> Self {
        Self {
            number: count(number),
            time: time(at),
            actor,
            action,
            subject,
            detail,
            hash,
        }
    }
}

impl Entry {
    /// The hash that follows from the entry and the one before.
    fn hash_after(&self, before: &str) -> String {
        let (number, time) = (self.number.to_string(), millis(self.time).to_string());
        let texts = [
            before,
            &number,
            &time,
            &self.actor,
            &self.action,
            &self.subject,
            &self.detail,
        ];
        let mut bytes = Vec::new();
        for text in texts {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        fingerprint(&bytes)
    }
}

/// Adds an entry; it lasts if the transaction does.
pub(super) async fn record(
    transaction: &mut Transaction,
    by: &By<'_>,
    action: Action,
    subject: impl ToString,
    detail: &impl Serialize,
) -> Result<(), StoreError> {
    // Whoever comes second waits here for the first one's end.
    let (number, before): (i64, String) = on!(&mut *transaction, |db| sqlx::query_as(
        "UPDATE audit_head SET number = number + 1 RETURNING number, hash"
    )
    .fetch_one(&mut **db)
    .await)?;
    let mut entry = Entry {
        number: count(number),
        // As the store keeps it.
        time: time(millis(by.time)),
        actor: by.actor.to_owned(),
        action: action.as_str().to_owned(),
        subject: subject.to_string(),
        detail: serde_json::to_string(detail)?,
        hash: String::new(),
    };
    entry.hash = entry.hash_after(&before);
    on!(&mut *transaction, |db| sqlx::query(
        "UPDATE audit_head SET hash = $1"
    )
    .bind(&entry.hash)
    .execute(&mut **db)
    .await
    .map(drop))?;
    on!(&mut *transaction, |db| {
        sqlx::query(
            "INSERT INTO audit (number, time, actor, action, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(number)
        .bind(millis(entry.time))
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(&entry.hash)
        .execute(&mut **db)
        .await
        .map(drop)
    })?;
    Ok(())
}

impl Store {
    /// Entries of the audit log, the newest first: at most `most` that are before `before`.
    pub async fn audit(&self, before: u64, most: u16) -> Result<Vec<Entry>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT number, time, actor, action, subject, detail, hash FROM audit WHERE number < $1
                 ORDER BY number DESC LIMIT $2",
            )
            .bind(stored(before))
            .bind(i64::from(most))
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(Entry::from).collect())
    }

    /// The last entry of the audit log.
    pub async fn audit_head(&self) -> Result<AuditHead, StoreError> {
        let (number, hash): (i64, String) = on!(self.readers(), |db| {
            sqlx::query_as("SELECT number, hash FROM audit_head")
                .fetch_one(db)
                .await
        })?;
        Ok(AuditHead {
            number: count(number),
            hash,
        })
    }

    /// Goes through the whole audit log; gives its last entry. `noted` is one that was noted elsewhere before.
    pub async fn verify_audit(
        &self,
        noted: Option<&AuditHead>,
    ) -> Result<Result<AuditHead, Tampered>, StoreError> {
        // What is added meanwhile is left for the next time.
        let written = self.audit_head().await?;
        let mut last = AuditHead {
            number: 0,
            hash: BEGIN.to_owned(),
        };
        while last.number < written.number {
            let rows: Vec<Row> = on!(self.readers(), |db| {
                sqlx::query_as(
                    "SELECT number, time, actor, action, subject, detail, hash FROM audit
                     WHERE number > $1 AND number <= $2 ORDER BY number LIMIT $3",
                )
                .bind(stored(last.number))
                .bind(stored(written.number))
                .bind(BITE)
                .fetch_all(db)
                .await
            })?;
            if rows.is_empty() {
                return Ok(Err(Tampered::Ends {
                    last: last.number,
                    written: written.number,
                }));
            }
            for entry in rows.into_iter().map(Entry::from) {
                if let Err(tampered) = last.follow(&entry, noted) {
                    return Ok(Err(tampered));
                }
            }
        }
        let later: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT count(*) FROM audit WHERE number < 1 OR number > (SELECT number FROM audit_head)",
            )
            .fetch_one(db)
            .await
        })?;
        let ends = Tampered::Ends {
            last: last.number.saturating_add(count(later)),
            written: written.number,
        };
        Ok(match noted {
            _ if later > 0 => Err(ends),
            _ if last.hash != written.hash => Err(Tampered::Changed { number: last.number }),
            Some(noted) if noted.number > last.number => Err(Tampered::Ends {
                last: last.number,
                written: noted.number,
            }),
            _ => Ok(last),
        })
    }
}

impl AuditHead {
    /// Goes on to the next entry.
    fn follow(&mut self, entry: &Entry, noted: Option<&Self>) -> Result<(), Tampered> {
        let number = self.number + 1;
        if entry.number != number {
            return Err(Tampered::Missing { missing: number });
        }
        if entry.hash != entry.hash_after(&self.hash) {
            return Err(Tampered::Changed { number });
        }
        if noted.is_some_and(|noted| noted.number == number && noted.hash != entry.hash) {
            return Err(Tampered::Rewritten { number });
        }
        self.number = number;
        self.hash.clone_from(&entry.hash);
        Ok(())
    }
}

/// `12:9f86d0…`
impl std::fmt::Display for AuditHead {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.number, self.hash)
    }
}

impl std::str::FromStr for AuditHead {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "give NUMBER:HASH, as `umbra-collector audit head` prints it";
        let (number, hash) = text.split_once(':').ok_or(WRONG)?;
        let digits = hash.len() == BEGIN.len() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        match number.parse() {
            Ok(number) if digits => Ok(Self {
                number,
                hash: hash.to_ascii_lowercase(),
            }),
            _ => Err(WRONG),
        }
    }
}
