//! What the collector's policy says of this host's callers: asked for while somebody looks, and forgotten afterwards.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{StatusCode, header};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use umbra_report::{CONTENT_TYPE, Judged, Problem, Question, Use, VERSION, Verdicts, limits};

use super::table::Live;
use super::word::{Policy, Used};
use crate::report::{Link, cause};

/// How often it is asked again: what was decided meanwhile shows.
const AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether there is a new row.
const SOON: Duration = Duration::from_secs(2);
/// Bytes that are read of an answer: of the most uses, each with the longest id of a sanction.
const LONGEST_ANSWER: usize = 256 << 10;

/// Verdicts by row, shared by who asks for them and who tells them.
#[derive(Clone, Debug)]
pub struct Asked(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// How many look.
    lookers: watch::Sender<usize>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_row: HashMap<u64, Judged>,
    policy: Option<Policy>,
    trouble: Option<String>,
}

/// Somebody looks, until this is dropped.
#[derive(Debug)]
pub(super) struct Looker(Asked);

impl Default for Asked {
    fn default() -> Self {
        Self(Arc::new(Shared {
            lookers: watch::Sender::new(0),
            known: Mutex::default(),
        }))
    }
}

impl Asked {
    /// Has the collector asked until this is dropped.
    pub(super) fn look(&self) -> Looker {
        self.0.lookers.send_modify(|lookers| *lookers += 1);
        Looker(self.clone())
    }

    /// Puts what is known into the rows; gives by which policy, and why nothing newer is known.
    pub(super) fn judge(&self, used: &mut [Used]) -> (Option<Policy>, Option<String>) {
        let known = self.lock();
        for row in used {
            row.verdict = known.by_row.get(&row.id).cloned();
        }
        (known.policy, known.trouble.clone())
    }

    /// Asks for the rows of `live` while somebody looks, along the way on which reports were last acknowledged.
    pub async fn ask_for_ever(self, live: Live, mut link: watch::Receiver<Option<Link>>) {
        let mut lookers = self.0.lookers.subscribe();
        loop {
            // Both senders live as long as the agent.
            if lookers.wait_for(|lookers| *lookers > 0).await.is_err() {
                return;
            }
            let link = match link.wait_for(Option::is_some).await {
                Ok(link) => link.clone(),
                Err(_) => return,
            };
            let Some(link) = link else { continue };
            let rows = live.look().0;
            if !rows.is_empty() {
                self.take(ask(&link, &rows).await);
            }
            tokio::select! {
                () = self.until_due(&live) => {}
                _ = lookers.wait_for(|lookers| *lookers == 0) => self.forget(),
            }
        }
    }

    /// Until something may have been decided, or there is a row that was not asked about.
    async fn until_due(&self, live: &Live) {
        let due = Instant::now() + AGAIN;
        while Instant::now() < due {
            sleep(SOON).await;
            let known = self.lock();
            let is_new = |row: &Used| !known.by_row.contains_key(&row.id);
            if known.trouble.is_none() && live.look().0.iter().any(is_new) {
                return;
            }
        }
    }

    fn take(&self, answer: Result<(u64, HashMap<u64, Judged>), String>) {
        let mut known = self.lock();
        match answer {
            Ok((version, by_row)) => {
                *known = Known {
                    by_row,
                    policy: Some(Policy {
                        version,
                        time: Timestamp::now(),
                    }),
                    trouble: None,
                };
            }
            // What was known stands, with its time.
            Err(trouble) => known.trouble = Some(trouble),
        }
    }

    fn forget(&self) {
        *self.lock() = Known::default();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.0.0.lookers.send_modify(|lookers| *lookers -= 1);
    }
}

/// Version of the policy and verdicts by row.
async fn ask(link: &Link, rows: &[Used]) -> Result<(u64, HashMap<u64, Judged>), String> {
    let (mut policy, mut by_row) = (0, HashMap::new());
    for some in rows.chunks(limits::USES) {
        let question = Question {
            version: VERSION,
            agent: link.agent,
            uses: some.iter().map(of_row).collect(),
        };
        let answer = send(link, &question).await?;
        if answer.verdicts.len() != some.len() {
            return Err("the collector's answer is of other callers: check the address".to_owned());
        }
        policy = answer.policy;
        by_row.extend(some.iter().map(|row| row.id).zip(answer.verdicts));
    }
    Ok((policy, by_row))
}

async fn send(link: &Link, question: &Question) -> Result<Verdicts, String> {
    let body = serde_json::to_vec(question).map_err(|error| error.to_string())?;
    let request = link.client.post(link.collector.at("verdicts"));
    let request = request.header(header::CONTENT_TYPE, CONTENT_TYPE).body(body);
    let answer = request.send().await.map_err(|error| cause(&error))?;
    let status = answer.status();
    let text = link
        .client
        .begin_of(answer, LONGEST_ANSWER)
        .await
        .map_err(|error| cause(&error))?;
    match status {
        StatusCode::OK => {
            serde_json::from_str(&text).map_err(|error| format!("the collector's answer is none: {error}"))
        }
        StatusCode::NOT_FOUND => {
            Err("the collector is older than this agent, and tells agents none".to_owned())
        }
        _ => Err(serde_json::from_str::<Problem>(&text).map_or_else(
            |_| format!("it answers with status {status}"),
            |problem| problem.error,
        )),
    }
}

fn of_row(row: &Used) -> Use {
    let mut caller = row.caller.clone();
    // No policy is about these.
    caller.program.exe = None;
    caller.program.sha256 = None;
    Use {
        caller,
        vendor: row.vendor.clone(),
        service: row.service.clone(),
        kind: row.kind,
    }
}

#[cfg(test)]
mod tests;
