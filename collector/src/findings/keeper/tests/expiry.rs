//! Sanctions that end soon.

use umbra_catalog::Catalogue;
use umbra_policy::File;

use super::*;
use crate::store::NewPolicy;

on_both!(
    the_end_of_a_sanction_is_told_twice_and_closed_when_it_is_renewed,
    a_sanction_that_nobody_needs_ends_in_silence,
);

const EXPIRING: FindingKind = FindingKind::SanctionExpiring;

impl Fleet {
    /// Sanctions for users of these names until these days (UTC, whole).
    async fn decided(&self, sanctions: &[(&str, Option<&str>)], second: i64) {
        let mut text = "version = 1\n".to_owned();
        for (user, expires) in sanctions {
            let expires = expires.map_or_else(String::new, |day| format!("expires = {day}\n"));
            let sanction = format!(
                "[[sanction]]\nid = \"{user}\"\nverdict = \"sanctioned\"\ndata = \"public\"\nuser = \"{user}\"\n\
                 reason = \"Ticket 12\"\napprover = \"Ada\"\n{expires}"
            );
            text += &sanction;
        }
        let now = self.at(second);
        let file = File::parse(&text, &Catalogue::builtin(), now).expect("a policy");
        let new = NewPolicy {
            file: &file,
            text: &text,
            comment: "",
            against: self.store.policy_version().await.expect("a version"),
        };
        let by = By {
            actor: "ada",
            time: now,
        };
        self.store.apply_policy(&new, &by).await.expect("it is in force");
    }

    async fn use_by(&self, user: &str, second: i64) {
        let time = self.at(second);
        let seen = Observation {
            minute: time,
            first_seen: time,
            last_seen: time,
            ..call(user, "claude")
        };
        self.take(&mut Spool::of("web-1"), vec![seen], second).await;
    }

    /// State and the days that were told, of the only finding.
    async fn reminder(&self) -> (FindingState, u8) {
        let found = self.findings(EXPIRING).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let expiry = found[0].facts.expiry.as_ref().expect("an end");
        (found[0].state, expiry.days)
    }
}

async fn the_end_of_a_sanction_is_told_twice_and_closed_when_it_is_renewed(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    // It ends with the 23rd, day 20.
    fleet.decided(&[("eve", Some("2024-10-23"))], 0).await;
    fleet.use_by("eve", HOUR).await;
    fleet.round(6 * DAYS - 60).await;
    assert_eq!(fleet.states(EXPIRING).await, [], "more than 14 days are left");
    fleet.round(6 * DAYS).await;
    fleet.round(7 * DAYS).await;
    assert_eq!(fleet.reminder().await, (FindingState::Open, 14));
    assert_eq!(fleet.waiting().await, 1, "told once");
    let told = fleet.findings(EXPIRING).await.remove(0);
    assert_eq!(
        told.explanation(),
        "the sanction eve ends at 2024-10-24T00:00:00Z, within 14 days, and makes this sanctioned: eve on web-1 asked \
         for api.openai.com; renew it, or let it end"
    );
    assert_eq!(
        (told.sanction.as_deref(), told.place.as_str()),
        (Some("eve"), "sanction:eve")
    );

    // Whoever looked at it is told again when it comes near, but once.
    fleet.decide(told.id, FindingState::Resolved, 8 * DAYS).await;
    fleet.round(17 * DAYS - 60).await;
    assert_eq!(fleet.reminder().await, (FindingState::Resolved, 14));
    fleet.round(17 * DAYS).await;
    fleet.round(17 * DAYS + HOUR).await;
    assert_eq!(fleet.reminder().await, (FindingState::Open, 3));

    // Renewed by a little: that end is another one.
    fleet.decided(&[("eve", Some("2024-10-31"))], 18 * DAYS).await;
    fleet.round(18 * DAYS).await;
    assert_eq!(fleet.reminder().await, (FindingState::Open, 14));
    let log = fleet.store.audit(u64::MAX, 1).await.expect("the log");
    assert!(
        log[0]
            .detail
            .contains("eve ends at 2024-11-01T00:00:00Z by policy version 2"),
        "{log:?}"
    );
    fleet.decided(&[("eve", None)], 19 * DAYS).await;
    fleet.round(19 * DAYS).await;
    assert_eq!(fleet.reminder().await.0, FindingState::Resolved);
    // What it was before the mistake.
    fleet.decided(&[("eve", Some("2024-10-31"))], 20 * DAYS).await;
    fleet.round(20 * DAYS).await;
    assert_eq!(fleet.reminder().await.0, FindingState::Open);
    fleet.round(28 * DAYS).await;
    let closed = fleet.findings(EXPIRING).await.remove(0);
    assert_eq!(closed.state, FindingState::Resolved);
    assert_eq!(closed.decided.expect("by the collector").reason, "eve has ended");
}

async fn a_sanction_that_nobody_needs_ends_in_silence(place: Place) {
    let mut fleet = Fleet::of(&place).await;
    let ends = Some("2024-11-23");
    fleet.decided(&[("eve", ends), ("adam", ends)], 0).await;
    fleet.use_by("eve", HOUR).await;
    fleet.round(40 * DAYS).await;
    assert_eq!(
        fleet.states(EXPIRING).await,
        [],
        "adam never used anything, and eve not for a month"
    );
    fleet.use_by("adam", 40 * DAYS).await;
    fleet.round(40 * DAYS + HOUR).await;
    assert_eq!(
        fleet.findings(EXPIRING).await[0].sanction.as_deref(),
        Some("adam")
    );
    // Withdrawn.
    fleet.decided(&[("eve", ends)], 41 * DAYS).await;
    fleet.round(41 * DAYS).await;
    let closed = fleet.findings(EXPIRING).await.remove(0);
    assert_eq!(
        closed.decided.expect("by the collector").reason,
        "adam is withdrawn, policy version 2"
    );
}
