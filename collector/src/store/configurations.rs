use jiff::Timestamp;
use serde_json::json;
use umbra_report::Settings;
use uuid::Uuid;

use super::audit::{Action, By, record};
use super::{Store, StoreError, count, millis, on, stored, time};
use crate::denied::Denied;
use crate::labels::{Label, Labels};

/// Revisions that are kept; the oldest that nobody is to run goes first.
const KEPT: i64 = 200;

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its number.
    pub id: u64,
    /// When it was published.
    pub published: Timestamp,
    /// What for, in the words of whoever published it.
    pub comment: String,
    /// Settings of agents.
    pub settings: Settings,
    /// A catalogue over the built-in one.
    pub catalogue: Option<String>,
}

/// Who is to run a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// When that was decided, in milliseconds since 1970; a later one has a greater.
    pub serial: u64,
    /// Which revision.
    pub revision: u64,
    /// Hosts with this label; `None`: all.
    pub to: Option<Label>,
}

/// A decision who is to run what, with what that is: its catalogue left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Hosts with this label; `None`: all.
    pub to: Option<Label>,
    /// Which revision.
    pub revision: u64,
    /// When it was published.
    pub published: Timestamp,
    /// What for.
    pub comment: String,
    /// Settings of agents.
    pub settings: Settings,
    /// Whether it has a catalogue over the built-in one.
    pub has_catalogue: bool,
}

/// What one agent is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Rises whenever what the agent is to run may have changed.
    pub serial: u64,
    /// Which revision.
    pub revision: Revision,
}

type Row = (i64, i64, String, String, Option<String>);

impl Store {
    /// The key that signs configurations (PKCS #8 in hexadecimal digits), if one was made.
    pub(crate) async fn configuration_key(&self) -> Result<Option<String>, StoreError> {
        let key: Option<String> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT key FROM configuration_key")
                .fetch_optional(db)
                .await
        })?;
        Ok(key)
    }

    /// Keeps this key, unless another collector was first.
    pub(crate) async fn offer_configuration_key(&self, key: &str, now: Timestamp) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query(
                "INSERT INTO configuration_key (id, key, made) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
            )
            .bind(key)
            .bind(millis(now))
            .execute(db)
            .await
            .map(drop)
        })?;
        Ok(())
    }

    /// Publishes a revision to those of a label, or to all; gives its number.
    pub async fn publish(
        &self,
        revision: &Revision,
        to: Option<&Label>,
        by: &By<'_>,
    ) -> Result<u64, StoreError> {
        let settings = serde_json::to_string(&revision.settings)?;
        let mut transaction = self.begin().await?;
        let id: i64 = on!(&mut transaction, |db| {
            sqlx::query_scalar(
            "INSERT INTO configurations (published, comment, settings, catalogue) VALUES ($1, $2, $3, $4) RETURNING id"
        )
        .bind(millis(by.time))
        .bind(&revision.comment)
        .bind(&settings)
        .bind(&revision.catalogue)
        .fetch_one(&mut **db)
        .await
        })?;
        roll_out(&mut transaction, id, to, by.time).await?;
        on!(&mut transaction, |db| sqlx::query(
            "DELETE FROM configurations WHERE id <= (SELECT max(id) FROM configurations) - $1
                 AND id NOT IN (SELECT revision FROM rollouts)"
        )
        .bind(KEPT)
        .execute(&mut **db)
        .await
        .map(drop))?;
        let detail = json!({"comment": revision.comment, "to": to.map(Label::to_string)});
        record(&mut transaction, by, Action::ConfigPublished, id, &detail).await?;
        transaction.commit().await?;
        Ok(count(id))
    }

    /// Has those of a label, or all, run a revision that is there; gives whether it is.
    pub async fn roll_out(&self, revision: u64, to: Option<&Label>, by: &By<'_>) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let there: Option<i64> = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT id FROM configurations WHERE id = $1"
        )
        .bind(stored(revision))
        .fetch_optional(&mut **db)
        .await)?;
        if there.is_some() {
            roll_out(&mut transaction, stored(revision), to, by.time).await?;
            let detail = json!({"to": to.map(Label::to_string)});
            record(&mut transaction, by, Action::ConfigRolledOut, revision, &detail).await?;
            transaction.commit().await?;
        }
        Ok(there.is_some())
    }

    /// All revisions, the newest first.
    pub async fn revisions(&self) -> Result<Vec<Revision>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT id, published, comment, settings, catalogue FROM configurations ORDER BY id DESC",
            )
            .fetch_all(db)
            .await
        })?;
        Ok(rows.into_iter().map(revision).collect())
    }

    /// Who is to run what, the newest decision first.
    pub async fn rollouts(&self) -> Result<Vec<Rollout>, StoreError> {
        let rows: Vec<(i64, i64, Option<String>, Option<String>)> = on!(self.readers(), |db| {
            sqlx::query_as("SELECT serial, revision, label, value FROM rollouts ORDER BY serial DESC")
                .fetch_all(db)
                .await
        })?;
        Ok(rows
            .into_iter()
            .map(|(serial, revision, key, value)| Rollout {
                serial: count(serial),
                revision: count(revision),
                to: key.zip(value).map(|(key, value)| Label { key, value }),
            })
            .collect())
    }

    /// Who is to run what, the newest decision first: so many of these.
    pub async fn assignments(&self, most: u16) -> Result<Vec<Assignment>, StoreError> {
        type Row = (Option<String>, Option<String>, i64, i64, String, String, i64);
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT r.label, r.value, c.id, c.published, c.comment, c.settings,
                     CAST(CASE WHEN c.catalogue IS NULL THEN 0 ELSE 1 END AS BIGINT)
                 FROM rollouts r JOIN configurations c ON c.id = r.revision ORDER BY r.serial DESC LIMIT $1",
            )
            .bind(i64::from(most))
            .fetch_all(db)
            .await
        })?;
        Ok(rows
            .into_iter()
            .map(
                |(key, value, revision, published, comment, settings, has_catalogue)| Assignment {
                    to: key.zip(value).map(|(key, value)| Label { key, value }),
                    revision: count(revision),
                    published: time(published),
                    comment,
                    settings: serde_json::from_str(&settings).unwrap_or_default(),
                    has_catalogue: has_catalogue > 0,
                },
            )
            .collect())
    }

    /// How many agents run each revision, and how many refuse the last one that they were given.
    pub async fn running(&self) -> Result<Vec<(u64, u64, u64)>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT configuration, count(*), count(configuration_refused) FROM agents
                 WHERE configuration IS NOT NULL GROUP BY configuration",
            )
            .fetch_all(db)
            .await
        })?;
        Ok(rows
            .into_iter()
            .map(|(revision, run, refuse)| (count(revision), count(run), count(refuse)))
            .collect())
    }

    /// Hosts that refuse the last configuration that they were given, with their reasons: the first few.
    pub async fn refusals(&self, most: u16) -> Result<Vec<(String, String)>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT host, configuration_refused FROM agents WHERE configuration_refused IS NOT NULL
                 ORDER BY last_report DESC LIMIT $1",
            )
            .bind(i64::from(most))
            .fetch_all(db)
            .await
        })?)
    }

    /// What the agent with this certificate is to run; `None`: what its own file says.
    pub async fn assigned(
        &self,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Result<Option<Assigned>, Denied>, StoreError> {
        let known = match self.holder(fingerprint, now).await? {
            Ok(known) => known,
            Err(denied) => return Ok(Err(denied)),
        };
        let (labels, labelled) = self.labels(known).await?;
        let rollouts = self.rollouts().await?;
        let holds = |rollout: &&Rollout| rollout.to.as_ref().is_none_or(|label| labels.has(label));
        let Some(rollout) = rollouts.iter().find(holds) else {
            return Ok(Ok(None));
        };
        let row: Option<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT id, published, comment, settings, catalogue FROM configurations WHERE id = $1",
            )
            .bind(stored(rollout.revision))
            .fetch_optional(db)
            .await
        })?;
        Ok(Ok(row.map(|row| Assigned {
            serial: rollout.serial.max(labelled),
            revision: revision(row),
        })))
    }

    /// An agent's labels; none of one that never enrolled.
    pub(crate) async fn labels_of(&self, agent: Uuid) -> Result<Labels, StoreError> {
        Ok(self.labels(agent).await?.0)
    }

    /// An agent's labels, and when they last changed in milliseconds since 1970.
    async fn labels(&self, agent: Uuid) -> Result<(Labels, u64), StoreError> {
        let row: Option<(Option<String>, Option<i64>)> = on!(self.readers(), |db| {
            sqlx::query_as("SELECT labels, labelled FROM enrolments WHERE agent = $1")
                .bind(agent.to_string())
                .fetch_optional(db)
                .await
        })?;
        let (labels, labelled) = row.unwrap_or_default();
        Ok((parsed(labels.as_deref()), count(labelled.unwrap_or_default())))
    }

    /// Gives an agent these labels in place of those that it had; gives whether there is such an agent.
    pub async fn label(&self, agent: Uuid, labels: &Labels, by: &By<'_>) -> Result<bool, StoreError> {
        let text = serde_json::to_string(labels)?;
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| sqlx::query(
            "UPDATE enrolments SET labels = $1, labelled = $2 WHERE agent = $3"
        )
        .bind(&text)
        .bind(millis(by.time))
        .bind(agent.to_string())
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected()))?;
        if done > 0 {
            let detail = json!({"labels": labels});
            record(&mut transaction, by, Action::AgentLabelled, agent, &detail).await?;
            transaction.commit().await?;
        }
        Ok(done > 0)
    }
}

/// The last decision for a label, or for all, takes the place of the one before; that for all of every other, too.
async fn roll_out(
    transaction: &mut super::Transaction,
    revision: i64,
    to: Option<&Label>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let last: Option<i64> = on!(&mut *transaction, |db| sqlx::query_scalar(
        "SELECT max(serial) FROM rollouts"
    )
    .fetch_one(&mut **db)
    .await)?;
    let (key, value) = (to.map(|label| &label.key), to.map(|label| &label.value));
    on!(&mut *transaction, |db| sqlx::query(
        "DELETE FROM rollouts WHERE CAST($1 AS TEXT) IS NULL OR (label = $1 AND value = $2)"
    )
    .bind(key)
    .bind(value)
    .execute(&mut **db)
    .await
    .map(drop))?;
    let serial = last.map_or(millis(now), |last| millis(now).max(last.saturating_add(1)));
    on!(&mut *transaction, |db| sqlx::query(
        "INSERT INTO rollouts (serial, revision, label, value) VALUES ($1, $2, $3, $4)"
    )
    .bind(serial)
    .bind(revision)
    .bind(key)
    .bind(value)
    .execute(&mut **db)
    .await
    .map(drop))?;
    Ok(())
}

fn revision((id, published, comment, settings, catalogue): Row) -> Revision {
    Revision {
        id: count(id),
        published: time(published),
        comment,
        // Settings of a later version are passed over, as an agent does.
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        catalogue,
    }
}

/// Labels as the store has them; what a later version wrote otherwise counts as none.
pub(super) fn parsed(text: Option<&str>) -> Labels {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}
