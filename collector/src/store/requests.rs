//! Requests for sanctions. An approval makes a version of the policy, whose file is the one in force with the sanction at
//! its end: the request's state, the version and both entries of the audit log are one transaction.

mod create;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use umbra_policy::{Change, DataClass, File, Sanction, difference};

use super::audit::{Action, By, record};
use super::policies::{moved, put_in_force};
use super::{Decided, NewPolicy, Store, StoreError, Transaction, count, millis, on, stored, time};
use crate::access::is_program;
use crate::catalogue;
use crate::requests::RequestState;

/// Requests that may be pending: more than people work through.
const PENDING: i64 = 10_000;
/// Characters of the comment of a version that a request made.
const COMMENT: usize = 200;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// What is asked for; the approver is empty.
    pub sanction: Sanction,
    /// Who asked.
    pub requester: String,
    /// When.
    pub created: Timestamp,
    /// What has become of it.
    pub state: RequestState,
    /// Who decided; `None` while nobody has.
    pub settled: Option<RequestSettled>,
    /// The version of the policy that the approval made.
    pub policy: Option<u64>,
}

/// Who decided about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSettled {
    /// Who.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// Why; may be empty.
    pub reason: String,
}

/// Which requests to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requests {
    /// Only those in this state.
    pub state: Option<RequestState>,
    /// Only those with a lower number.
    pub before: Option<i64>,
}

/// Why a request cannot be made or decided.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing has this number.
    #[error("there is no request {0}; `umbra-collector request list` shows those that are pending")]
    Missing(i64),
    /// Somebody was faster.
    #[error("request {id} is {state} already; make another one if it is to be decided anew")]
    Settled {
        /// The request.
        id: i64,
        /// What has become of it.
        state: RequestState,
    },
    /// Two people must agree.
    #[error(
        "{requester} made request {id}, and {class} data takes a second person: have somebody else approve it"
    )]
    SamePerson {
        /// The request.
        id: i64,
        /// Who asked.
        requester: String,
        /// What for.
        class: DataClass,
    },
    /// Two people must agree, and a program is none.
    #[error("{class} data takes two people, and {actor} is none: have a person ask, and another one approve")]
    NoPerson {
        /// The program with a token that asked, or would approve.
        actor: String,
        /// What for.
        class: DataClass,
    },
    /// Whoever asked takes it back, nobody else.
    #[error("{requester} made request {id}, and may withdraw it alone; `refuse` says no to it")]
    NotTheirs {
        /// The request.
        id: i64,
        /// Who asked.
        requester: String,
    },
    /// The policy would not stand with it.
    #[error("it cannot stand in the policy beside version {version}: {why}")]
    Unfit {
        /// The version in force.
        version: u64,
        /// What is wrong, in sentences.
        why: String,
    },
    /// Its end has passed.
    #[error("it would have ended at {0:.0}: ask for a later end")]
    Over(Timestamp),
    /// Nobody works through them.
    #[error("there are {PENDING} pending requests; decide some of them first")]
    TooMany,
    /// One of several, for which none is made.
    #[error("{sanction}, and so none of them: {error}")]
    OneOf {
        /// What it was to be called.
        sanction: String,
        /// What is wrong with it.
        error: Box<RequestError>,
    },
}

impl RequestError {
    /// With which sanction it is about, where there are several.
    fn of(self, sanction: &Sanction, all: &[Sanction]) -> Self {
        if all.len() == 1 {
            return self;
        }
        Self::OneOf {
            sanction: sanction.id.clone(),
            error: Box::new(self),
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    sanction: String,
    requester: String,
    created: i64,
    state: String,
    settled: Option<i64>,
    settler: Option<String>,
    why: Option<String>,
    policy: Option<i64>,
}

impl TryFrom<Row> for Request {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let settled = row.settled.zip(row.settler);
        Ok(Self {
            id: row.id,
            sanction: serde_json::from_str(&row.sanction)?,
            requester: row.requester,
            created: time(row.created),
            // A state of a later version is nothing that this one may decide about.
            state: RequestState::of(&row.state).unwrap_or(RequestState::Refused),
            settled: settled.map(|(at, actor)| RequestSettled {
                actor,
                time: time(at),
                reason: row.why.unwrap_or_default(),
            }),
            policy: row.policy.map(count),
        })
    }
}

/// The policy that there would be.
struct Proposal {
    against: u64,
    before: Decided,
    text: String,
    file: File,
}

impl Proposal {
    /// The class of its data, when those take two people.
    fn takes_two(&self, sanction: &Sanction) -> Option<DataClass> {
        let class = sanction.data.as_ref()?;
        self.file.takes_two(class).then(|| class.clone())
    }
}

impl Store {
    /// Requests, the newest first: `most` at most.
    pub async fn requests(&self, asked: Requests, most: u16) -> Result<Vec<Request>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT id, sanction, requester, created, state, settled, settler, why, policy FROM requests
                 WHERE id < $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
            )
            .bind(asked.before.unwrap_or(i64::MAX))
            .bind(asked.state.map(RequestState::as_str))
            .bind(i64::from(most))
            .fetch_all(db)
            .await
        })?;
        rows.into_iter().map(Request::try_from).collect()
    }

    /// The sanctions in force that came by requests and nobody has changed since, with the requests' numbers.
    pub async fn requested(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let rows: Vec<(String, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT s.name, r.id FROM sanctions s JOIN requests r ON r.policy = s.began AND r.name = s.name
                 WHERE s.ended IS NULL AND r.state = 'approved'",
            )
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().collect())
    }

    /// Puts what was asked for in force, `by` being its approver; gives the version of the policy. With `against` only if
    /// that is the version in force.
    pub async fn approve_request(
        &self,
        id: i64,
        against: Option<u64>,
        reason: &str,
        by: &By<'_>,
    ) -> Result<u64, RequestError> {
        let request = self.request(id).await?;
        let sanction = Sanction {
            approver: by.actor.to_owned(),
            ..request.sanction.clone()
        };
        if request.state != RequestState::Pending {
            return Err(RequestError::Settled {
                id,
                state: request.state,
            });
        }
        let proposal = self.propose(std::slice::from_ref(&sanction), by, against).await?;
        let mut transaction = self.begin().await?;
        // What counts is read of the row that this locks.
        let request = settle(&mut transaction, id, RequestState::Approved, reason, by).await?;
        if let Some(class) = proposal.takes_two(&sanction) {
            let requester = request.requester.as_str();
            if let Some(program) = [requester, by.actor].into_iter().find(|actor| is_program(actor)) {
                let actor = program.to_owned();
                return Err(RequestError::NoPerson { actor, class });
            }
            if is_same(requester, by.actor) {
                let requester = request.requester;
                return Err(RequestError::SamePerson { id, requester, class });
            }
        }
        let comment = format!("request {id}: {}", sanction.reason);
        let comment: String = comment
            .chars()
            .filter(|char| !char.is_control())
            .take(COMMENT)
            .collect();
        let new = NewPolicy {
            file: &proposal.file,
            text: &proposal.text,
            comment: &comment,
            against: proposal.against,
        };
        let Some(version) = put_in_force(&mut transaction, proposal.before, &new, by).await? else {
            drop(transaction);
            return Err(moved(proposal.against, self.policy_version().await?).into());
        };
        on!(&mut transaction, |db| {
            sqlx::query("UPDATE requests SET policy = $1 WHERE id = $2")
                .bind(stored(version))
                .bind(id)
                .execute(&mut **db)
                .await
                .map(drop)
        })
        .map_err(StoreError::from)?;
        let detail = json!({ "sanction": sanction.id, "requester": request.requester, "policy": version, "reason": reason });
        record(&mut transaction, by, Action::RequestApproved, id, &detail).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Says no to a request.
    pub async fn refuse_request(&self, id: i64, reason: &str, by: &By<'_>) -> Result<(), RequestError> {
        let mut transaction = self.begin().await?;
        let request = settle(&mut transaction, id, RequestState::Refused, reason, by).await?;
        let detail = json!({ "requester": request.requester, "reason": reason });
        record(&mut transaction, by, Action::RequestRefused, id, &detail).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a request back, which only whoever made it may.
    pub async fn withdraw_request(&self, id: i64, reason: &str, by: &By<'_>) -> Result<(), RequestError> {
        let mut transaction = self.begin().await?;
        let request = settle(&mut transaction, id, RequestState::Withdrawn, reason, by).await?;
        if !is_same(&request.requester, by.actor) {
            let requester = request.requester;
            return Err(RequestError::NotTheirs { id, requester });
        }
        let detail = json!({ "reason": reason });
        record(&mut transaction, by, Action::RequestWithdrawn, id, &detail).await?;
        Ok(transaction.commit().await?)
    }

    async fn request(&self, id: i64) -> Result<Request, RequestError> {
        let asked = Requests {
            before: id.checked_add(1),
            state: None,
        };
        let found = self.requests(asked, 1).await?.into_iter().next();
        found
            .filter(|request| request.id == id)
            .ok_or(RequestError::Missing(id))
    }

    /// The policy in force, or `against`, with these sanctions at its end.
    async fn propose(
        &self,
        sanctions: &[Sanction],
        by: &By<'_>,
        against: Option<u64>,
    ) -> Result<Proposal, RequestError> {
        if let Some(over) = sanctions.iter().find(|sanction| !sanction.holds_at(by.time)) {
            return Err(RequestError::Over(over.expires.unwrap_or(by.time)).of(over, sanctions));
        }
        let version = match against {
            Some(version) => version,
            None => self.policy_version().await?,
        };
        let before = self.policy(version).await?.ok_or(moved(version, 0))?;
        let text = self.policy_text(version).await?.unwrap_or_default();
        let unfit = |why: String| RequestError::Unfit { version, why };
        let with = |count: usize| {
            let text = sanctions[..count]
                .iter()
                .fold(text.clone(), |text, more| File::with(&text, more));
            File::parse(&text, catalogue::builtin(), by.time).map(|file| (text, file))
        };
        let (text, file) = with(sanctions.len()).map_err(|faults| {
            // Which of them it is: the last of the fewest that do not fit.
            let counts: Vec<usize> = (1..sanctions.len()).collect();
            let fit = counts.partition_point(|&count| with(count).is_ok());
            let faults = with(fit + 1).err().unwrap_or(faults);
            let faults: Vec<_> = faults.into_iter().map(|fault| fault.reason).collect();
            unfit(faults.join("; ")).of(&sanctions[fit], sanctions)
        })?;
        // Another catalogue may read the names of the file otherwise than the one that it was applied with.
        let changes = difference(&before.sanctions, &file.sanctions);
        let are_added = changes.iter().all(|change| matches!(change, Change::Added(_)));
        if !are_added || changes.len() != sanctions.len() {
            return Err(unfit(
                "the file in force says something else by now; apply it anew first".to_owned(),
            ));
        }
        Ok(Proposal {
            against: version,
            before,
            text,
            file,
        })
    }
}

/// Puts a pending request into another state, and keeps others from deciding about it.
async fn settle(
    transaction: &mut Transaction,
    id: i64,
    state: RequestState,
    reason: &str,
    by: &By<'_>,
) -> Result<Request, RequestError> {
    let row: Option<Row> = on!(&mut *transaction, |db| {
        sqlx::query_as(
            "UPDATE requests SET state = $1, settled = $2, settler = $3, why = $4 WHERE id = $5 AND state = 'pending'
             RETURNING id, sanction, requester, created, state, settled, settler, why, policy",
        )
        .bind(state.as_str())
        .bind(millis(by.time))
        .bind(by.actor)
        .bind(reason)
        .bind(id)
        .fetch_optional(&mut **db)
        .await
    })
    .map_err(StoreError::from)?;
    if let Some(row) = row {
        return Ok(row.try_into()?);
    }
    let state: Option<String> = on!(&mut *transaction, |db| {
        sqlx::query_scalar("SELECT state FROM requests WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut **db)
            .await
    })
    .map_err(StoreError::from)?;
    let state = state.ok_or(RequestError::Missing(id))?;
    let state = RequestState::of(&state).unwrap_or(RequestState::Refused);
    Err(RequestError::Settled { id, state })
}

/// Whether two names are one person's: nobody becomes another one by spelling.
fn is_same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
