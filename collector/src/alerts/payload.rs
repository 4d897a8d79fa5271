use jiff::Timestamp;
use reqwest::Url;
use serde::Serialize;
use umbra_policy::Verdict;

use crate::findings::Facts;
use crate::store::Alert;

/// What the webhook is sent, as JSON. Field names are stable; fields may be added.
#[derive(Clone, Debug, Serialize)]
pub struct Payload<'a> {
    /// The delivery's id, also in the header `Webhook-Id`: the same for each repeat.
    pub id: &'a str,
    /// Kind of finding, a word of [`crate::findings::FindingKind`].
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// What it is about, in a sentence with its numbers.
    pub explanation: String,
    /// What it was raised for.
    pub facts: Facts,
    /// When the finding was made (RFC 3339, UTC).
    pub time: Timestamp,
    /// Number of the finding.
    pub finding: i64,
    /// What had been decided about it: `unreviewed` or `prohibited`.
    pub verdict: Verdict,
    /// The sanction that said so, or null.
    pub sanction: Option<&'a str>,
    /// Version of the policy that it is of; 0 before anything was decided.
    pub policy: i64,
    /// Vendor's name in the catalogue.
    pub vendor: &'a str,
    /// Service of the vendor.
    pub service: &'a str,
    /// Kind of the service, as in the catalogue.
    pub kind_of_service: &'a str,
    /// Host name asked for.
    pub name: &'a str,
    /// Fleet-wide name of the program.
    pub program: &'a str,
    /// Path of the executable, or null.
    pub exe: Option<&'a str>,
    /// Script or module behind the interpreter, or null.
    pub script: Option<&'a str>,
    /// Image of the container, or null.
    pub image: Option<&'a str>,
    /// Systemd unit, or null.
    pub unit: Option<&'a str>,
    /// The user.
    pub user: User<'a>,
    /// Host on which it was first seen.
    pub host: &'a str,
    /// How the name is known: `tls_sni`, `quic_sni`, `http_host`, `proxy_connect`, `socks` or `dns`.
    pub evidence: Option<&'static str>,
    /// When it was first seen there (RFC 3339, UTC).
    pub first_seen: Timestamp,
    /// The page that shows every user and host of the finding.
    pub page: String,
}

/// The user in a [`Payload`].
#[derive(Clone, Debug, Serialize)]
pub struct User<'a> {
    /// User id on the host.
    pub uid: i64,
    /// Name, or null when the host knows none.
    pub name: Option<&'a str>,
}

impl<'a> Payload<'a> {
    /// The payload of an alert; `page` is the address of the collector's page.
    pub fn of(alert: &'a Alert, page: &Url) -> Self {
        let mut page = page.clone();
        page.set_query(Some(&format!("finding={}", alert.finding)));
        Self {
            id: &alert.delivery,
            kind: &alert.kind,
            explanation: alert.explanation(),
            facts: alert.facts(),
            time: alert.created(),
            finding: alert.finding,
            verdict: alert.verdict(),
            sanction: alert.sanction.as_deref(),
            policy: alert.policy.unwrap_or_default(),
            vendor: &alert.vendor,
            service: &alert.service,
            kind_of_service: &alert.service_kind,
            name: &alert.name,
            program: &alert.program,
            exe: alert.exe.as_deref(),
            script: alert.script.as_deref(),
            image: alert.image.as_deref(),
            unit: alert.unit.as_deref(),
            user: User {
                uid: alert.uid,
                name: alert.user_name.as_deref(),
            },
            host: &alert.host,
            evidence: alert.evidence().map(umbra_report::Evidence::as_str),
            first_seen: alert.first_seen(),
            page: page.into(),
        }
    }
}
