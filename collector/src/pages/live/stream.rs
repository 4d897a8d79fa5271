use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use axum::response::sse::Event;
use futures_util::stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::filter::Filter;
use super::{Line, MOST};
use crate::access::{Principal, door};
use crate::app::App;
use crate::live::{Told, Watcher};
use crate::pages::format::thousands;
use crate::store::{Store, StoreError};

/// When to ask again for a place.
pub(super) const FULL: Duration = Duration::from_secs(30);
/// So soon a script asks again that was cut off.
const RETRY: Duration = Duration::from_secs(2);
/// So often it is asked whether whoever watches still may.
const CHECK: Duration = Duration::from_secs(5);

/// What one who watches is told, for as long as they may.
pub(super) struct Stream {
    store: Arc<Store>,
    is_secure: bool,
    principal: Principal,
    /// What says who watches.
    shown: HeaderMap,
    filter: Filter,
    watcher: Watcher,
    /// What goes out next.
    begin: VecDeque<Event>,
    /// Numbers of lines that are in it.
    known: Vec<i64>,
    check: Interval,
    is_over: bool,
}

impl Stream {
    pub(super) fn of(
        app: &App,
        principal: Principal,
        headers: &HeaderMap,
        filter: Filter,
        watcher: Watcher,
    ) -> Self {
        let who = [header::AUTHORIZATION, header::COOKIE];
        let shown = headers.iter().filter(|(name, _)| who.contains(name));
        let mut check = interval_at(Instant::now() + CHECK, CHECK);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            store: Arc::clone(&app.store),
            is_secure: app.secure,
            principal,
            shown: shown.map(|(name, value)| (name.clone(), value.clone())).collect(),
            filter,
            watcher,
            // The first bytes tell that it has begun.
            begin: VecDeque::from([Event::default().retry(RETRY)]),
            known: Vec::new(),
            check,
            is_over: false,
        }
    }

    /// Begins with what came before, the newest first: as much of it as a page shows.
    pub(super) fn after(mut self, missed: impl Iterator<Item = Line>) -> Self {
        let mut lines: Vec<Line> = missed.filter(|line| self.filter.takes(line)).collect();
        if lines.len() > usize::from(MOST) {
            let more = lines.len() - usize::from(MOST);
            lines.truncate(usize::from(MOST));
            self.begin.push_back(self.left_out(more as u64));
        }
        self.known = lines.iter().map(|line| line.id).collect();
        self.begin.extend(lines.iter().rev().map(event));
        self
    }

    pub(super) fn events(self) -> impl futures_util::Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut this| {
            let event = this.next().await?;
            Some((Ok(event), this))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.begin.pop_front() {
            return Some(event);
        }
        while !self.is_over {
            let told = tokio::select! {
                told = self.watcher.next() => told,
                _ = self.check.tick() => match self.may().await {
                    Ok(true) => continue,
                    Ok(false) => {
                        self.is_over = true;
                        return Some(Event::default().event("over").data("log in again"));
                    }
                    // Who cannot be known is told no more, and comes back.
                    Err(_) => return None,
                },
            };
            match told {
                Told::Line(line) if self.sees(&line) => return Some(event(&line)),
                Told::Line(_) => {}
                Told::LeftOut(lines) => return Some(self.left_out(lines)),
                Told::End => self.is_over = true,
            }
        }
        None
    }

    fn sees(&self, line: &Line) -> bool {
        self.principal.scope.sees(&line.labels) && self.filter.takes(line) && !self.known.contains(&line.id)
    }

    /// Whether who watches is still who began to, with the same rights to the same hosts.
    async fn may(&self) -> Result<bool, StoreError> {
        let now = door::who(&self.store, self.is_secure, &self.shown).await?;
        Ok(now.as_ref() == Some(&self.principal))
    }

    /// Of how many, is for those who see all hosts.
    fn left_out(&self, lines: u64) -> Event {
        let many = match lines {
            _ if !self.principal.scope.is_all() => "Some events were".to_owned(),
            1 => "1 event was".to_owned(),
            lines => format!("{} events were", thousands(lines)),
        };
        Event::default().data(format!(
            r#"<tr role="row" class="skipped"><td role="cell" colspan="11">{many} skipped: more came at once than is shown. The inventory has everything.</td></tr>"#
        ))
    }
}

fn event(line: &Line) -> Event {
    Event::default().id(line.id.to_string()).data(line.html.trim())
}
