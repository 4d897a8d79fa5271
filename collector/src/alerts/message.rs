use jiff::Timestamp;
use reqwest::Url;

use crate::store::{Alert, Event, Outgoing};

/// What is sent along a route at once.
#[derive(Clone, Debug)]
pub struct Message {
    /// Stable over attempts and restarts: by it the receiver drops a repeat.
    pub id: String,
    /// When this attempt is made.
    pub time: Timestamp,
    /// What it tells, in order; empty: it is a test of the route.
    pub alerts: Vec<Alert>,
    /// Alerts that waited for too long and were dropped.
    pub omitted: u64,
    /// When the first of those was raised.
    pub omitted_since: Option<Timestamp>,
    /// The address of the collector's page.
    pub page: Url,
}

impl Message {
    /// Of what the store has to send.
    pub fn of(outgoing: &Outgoing, page: &Url, now: Timestamp) -> Self {
        Self {
            id: outgoing.id.clone(),
            time: now,
            alerts: outgoing.alerts.clone(),
            omitted: outgoing.omitted,
            omitted_since: outgoing.omitted_since,
            page: page.clone(),
        }
    }

    /// A test of a route.
    pub fn test(page: &Url, now: Timestamp) -> Self {
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            time: now,
            alerts: Vec::new(),
            omitted: 0,
            omitted_since: None,
            page: page.clone(),
        }
    }

    /// The page of a finding.
    pub(super) fn link(&self, finding: i64) -> Url {
        let mut page = self.page.clone();
        page.set_query(Some(&format!("finding={finding}")));
        page
    }

    /// When what it tells happened last.
    pub(super) fn happened(&self) -> Timestamp {
        let times = self.alerts.iter().map(|alert| match alert.event() {
            Event::Raised => alert.created(),
            Event::Ended => alert.decided().unwrap_or_else(|| alert.created()),
        });
        times.max().unwrap_or(self.time)
    }

    /// Whether it only tests the route.
    pub fn is_test(&self) -> bool {
        self.alerts.is_empty()
    }
}
