use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use serde::Serialize;
use umbra_policy::{Egress, File, Pattern, Sanction, Verdict, difference};

use super::{InForce, personal, subject};
use crate::store::{Decided, Selection, Store, StoreError, Use};

/// Rows that are read at once.
const ROWS: u16 = 1_000;
/// Changed verdicts that are kept; the rest is counted.
const TURNS: usize = 10_000;

/// What a policy file would change.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Rows of the inventory.
    pub(crate) uses: u64,
    /// How many of them would have another verdict.
    pub(crate) turned: u64,
    /// How many would, by the verdicts before and after, and by the sanction that would then count.
    pub(crate) sums: BTreeMap<(Verdict, Verdict, Option<String>), u64>,
    /// The first of them, the newest callers first.
    pub(crate) turns: Vec<Turn>,
    /// Uses that went directly where a rule for egress wants another way, by the rule.
    pub(crate) direct: BTreeMap<String, u64>,
    /// Uses of personal plans, by the plan that the organisation would have.
    pub(crate) personal: BTreeMap<String, u64>,
    /// Sanctions of the file that no caller of the inventory meets.
    pub(crate) idle: Vec<String>,
    /// Users whom the file names and nobody has seen.
    pub(crate) strangers: Vec<String>,
    /// Sanctions in force that came by requests, with the requests' numbers.
    pub(crate) requested: BTreeMap<String, i64>,
    /// Groups that sanctions name, that are not in the file and that no host reports.
    pub(crate) unknown_groups: Vec<String>,
}

/// A caller, on a host, whose verdict would change.
#[derive(Debug, Serialize)]
pub(crate) struct Turn {
    pub(crate) before: Verdict,
    pub(crate) after: Verdict,
    /// The sanction that counted before.
    pub(crate) was_by: Option<String>,
    /// The one that would count.
    pub(crate) by: Option<String>,
    pub(crate) vendor: String,
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) program: String,
    pub(crate) user: String,
    pub(crate) host: String,
    pub(crate) agent: String,
    pub(crate) last_seen: Timestamp,
}

impl Plan {
    /// Holds a file against the whole inventory.
    pub(crate) async fn make(
        store: &Store,
        before: &Decided,
        file: &File,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let before = InForce::from(before.clone()).policy;
        let after = file.policy();
        let mut plan = Self::default();
        let mut met: HashSet<&str> = HashSet::new();
        let mut strangers = named(file);
        let mut unknown_groups = groups(file);
        let mut selection = Selection::default();
        loop {
            let page = store.uses(&selection, ROWS).await?;
            for used in &page.rows {
                let subject = subject(used);
                let (was, is) = (before.decide(&subject, now), after.decide(&subject, now));
                plan.uses += 1;
                met.extend(is.by.map(|by| by.id.as_str()));
                met.extend(is.beaten.iter().map(|beaten| beaten.sanction.id.as_str()));
                if let Some(user) = &used.real().user_name {
                    strangers.remove(user);
                }
                for group in used.user_groups.iter().flatten() {
                    unknown_groups.remove(group);
                }
                if used.may_raise() && is.verdict != Verdict::Prohibited {
                    let past = used.direct_seen.and_then(|_| after.bypassed(&subject, None));
                    plan.count_rules(past, personal(&after, &used.vendor, &used.service, &is));
                }
                if was.verdict != is.verdict {
                    plan.turn(Turn::of(used, (was.verdict, was.by), (is.verdict, is.by)));
                }
            }
            match page.next {
                Some(next) => selection.after = Some(next),
                None => break,
            }
        }
        let idle = file.sanctions.iter().map(|sanction| sanction.id.as_str());
        plan.idle = idle.filter(|id| !met.contains(id)).map(str::to_owned).collect();
        plan.strangers = strangers.into_iter().collect();
        plan.unknown_groups = unknown_groups.into_iter().collect();
        Ok(plan)
    }

    fn count_rules(&mut self, past: Option<&Egress>, instead: Option<&umbra_policy::Plan>) {
        if let Some(rule) = past {
            *self.direct.entry(rule.id.clone()).or_default() += 1;
        }
        if let Some(plan) = instead {
            *self.personal.entry(plan.id.clone()).or_default() += 1;
        }
    }

    fn turn(&mut self, turn: Turn) {
        self.turned += 1;
        let kind = (turn.before, turn.after, turn.by.clone());
        *self.sums.entry(kind).or_default() += 1;
        if self.turns.len() < TURNS {
            self.turns.push(turn);
        }
    }

    /// What was approved by request and the file does not have, with the requests' numbers.
    pub(crate) fn dropped(&self, before: &Decided, file: &File) -> BTreeMap<String, i64> {
        let gone = |id: &str| file.sanctions.iter().all(|sanction| sanction.id != id);
        let before = before.sanctions.iter().filter(|sanction| gone(&sanction.id));
        before
            .filter_map(|sanction| Some((sanction.id.clone(), *self.requested.get(&sanction.id)?)))
            .collect()
    }

    /// Everything, for programs.
    pub(crate) fn json(&self, before: &Decided, file: &File) -> serde_json::Result<String> {
        let changes = difference(&before.sanctions, &file.sanctions);
        let changes: Vec<_> = changes.iter().map(Changed::of).collect();
        let text = serde_json::to_string_pretty(&serde_json::json!({
            "against": before.number(),
            "sanctions": changes,
            "uses": self.uses,
            "turned": self.turned,
            "turns": self.turns,
            "direct": self.direct,
            "personal": self.personal,
            "idle": self.idle,
            "unknown_users": self.strangers,
            "unknown_groups": self.unknown_groups,
            "drops_requested": self.dropped(before, file),
        }))?;
        Ok(text + "\n")
    }
}

/// A changed sanction, for programs.
#[derive(Serialize)]
struct Changed<'a> {
    id: &'a str,
    before: Option<&'a Sanction>,
    after: Option<&'a Sanction>,
}

impl<'a> Changed<'a> {
    fn of(change: &umbra_policy::Change<'a>) -> Self {
        let (before, after) = match *change {
            umbra_policy::Change::Added(after) => (None, Some(after)),
            umbra_policy::Change::Changed(before, after) => (Some(before), Some(after)),
            umbra_policy::Change::Removed(before) => (Some(before), None),
        };
        let id = after.or(before).map_or("", |sanction| sanction.id.as_str());
        Self { id, before, after }
    }
}

impl Turn {
    fn of(
        used: &Use,
        (before, was_by): (Verdict, Option<&Sanction>),
        (after, by): (Verdict, Option<&Sanction>),
    ) -> Self {
        let id = |sanction: &Sanction| sanction.id.clone();
        let name = used.user_name.clone();
        Self {
            before,
            after,
            was_by: was_by.map(id),
            by: by.map(id),
            vendor: used.vendor.clone(),
            service: used.service.clone(),
            name: used.name.clone(),
            program: used.program.clone(),
            user: name.unwrap_or_else(|| format!("uid {}", used.uid)),
            host: used.host.clone(),
            agent: used.agent.clone(),
            last_seen: used.last_seen,
        }
    }
}

/// The users whom a file names.
fn named(file: &File) -> BTreeSet<String> {
    let users = file
        .sanctions
        .iter()
        .filter_map(|sanction| sanction.scope.user.as_ref());
    let users = users.filter(|user| user.is_literal()).map(Pattern::as_str);
    let members = file.groups.values().flatten().map(String::as_str);
    users.chain(members).map(str::to_owned).collect()
}

/// The groups that a file's sanctions name and the file does not have.
fn groups(file: &File) -> BTreeSet<String> {
    let groups = file
        .sanctions
        .iter()
        .filter_map(|sanction| sanction.scope.group.as_ref());
    groups
        .filter(|group| group.is_literal() && !file.groups.contains_key(group.as_str()))
        .map(|group| group.as_str().to_owned())
        .collect()
}
