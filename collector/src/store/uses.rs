use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_policy::Verdict;
use umbra_report::{Evidence, Origin};

use super::order::{Position, Sort};
use super::{configurations, count, evidence, time};
use crate::access::Scope;
use crate::findings::{FindingKind, deserves_one};
use crate::labels::Labels;

/// A row of the inventory: a caller on a host, and a name that it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The caller's row.
    pub caller: i64,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Kind of the service, as in the catalogue.
    pub kind: String,
    /// Host name asked for.
    pub name: String,
    /// Fleet-wide name of the program.
    pub program: String,
    /// Path of the executable on the host.
    pub exe: Option<String>,
    /// Script or module behind the interpreter.
    pub script: Option<String>,
    /// Id of the container.
    pub container: Option<String>,
    /// Image of the container.
    pub image: Option<String>,
    /// Kubernetes pod.
    pub pod: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Kubernetes workload.
    pub workload: Option<String>,
    /// Systemd unit.
    pub unit: Option<String>,
    /// What set the caller off last, when that is known.
    pub origin: Option<Origin>,
    /// Package manager and name, `npm:claude`.
    pub package: Option<String>,
    /// The package's version.
    pub package_version: Option<String>,
    /// SHA-256 of the executable, hexadecimal.
    pub sha256: Option<String>,
    /// User id on the host.
    pub uid: u32,
    /// The user's name, when the host knows one.
    pub user_name: Option<String>,
    /// Groups that the user is in, as the host said last; `None`: it has not said.
    pub user_groups: Option<Vec<String>>,
    /// Name of the host.
    pub host: String,
    /// Id of the host's agent.
    pub agent: String,
    /// Labels of the host.
    pub labels: Labels,
    /// Flows that began.
    pub flows: u64,
    /// Bytes that the caller sent.
    pub bytes_out: u64,
    /// Bytes that the caller received.
    pub bytes_in: u64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// The strongest evidence; `None` when a later version wrote it.
    pub evidence: Option<Evidence>,
    /// When a flow of it was last seen to go directly, without a proxy.
    pub direct_seen: Option<Timestamp>,
    /// The finding that this program is new to this vendor.
    pub finding: Option<i64>,
    /// The finding that it uses the vendor although it must not.
    pub prohibition: Option<i64>,
    /// Where the row stands in the order of the page.
    pub position: Position,
    /// The same with the names of people, when they are hidden here ([`crate::names`]).
    pub(crate) behind: Option<Box<Self>>,
}

impl Use {
    /// Whether it alone may raise a finding.
    pub fn may_raise(&self) -> bool {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        let known = kind.zip(self.evidence);
        known.is_some_and(|(kind, evidence)| deserves_one(kind, evidence))
    }

    /// The user's name, or `uid 1000` of one without.
    pub(crate) fn user(&self) -> String {
        let name = self.user_name.clone();
        name.unwrap_or_else(|| format!("uid {}", self.uid))
    }

    /// The user id beside a name; none where the name is hidden.
    pub(crate) fn shown_uid(&self) -> Option<u32> {
        let is_named = self.user_name.is_some() && self.behind.is_none();
        is_named.then_some(self.uid)
    }

    /// The finding that a row with this verdict is one of.
    pub fn finding_of(&self, verdict: Verdict) -> Option<i64> {
        match FindingKind::with(verdict)? {
            FindingKind::ProhibitedUse => self.prohibition,
            _ => self.finding,
        }
    }
}

/// Which rows to read.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// In what order.
    pub sort: Sort,
    /// Only rows that come after this place.
    pub after: Option<Position>,
    /// Along what they are read.
    pub along: Along,
    /// Only rows of hosts that somebody with this scope sees.
    pub scope: Scope,
}

impl From<Along> for Selection {
    fn from(along: Along) -> Self {
        Self {
            along,
            ..Self::default()
        }
    }
}

/// What rows have in common that the store finds without looking at others.
#[derive(Clone, Debug, Default)]
pub enum Along {
    /// Nothing: all rows.
    #[default]
    All,
    /// The finding that they are of.
    Finding(i64),
    /// The caller's row.
    Caller(i64),
    /// The row of the host's agent.
    Agent(i64),
    /// The rows of these numbers ([`Position::number`]).
    Numbers(Vec<i64>),
    /// A text that the vendor, service, name, program, user or host has in it.
    Text(String),
    /// The vendor, by its name in the catalogue, and the kind; `None`: any.
    Destinations(Option<String>, Option<Kind>),
    /// A name, in whatever case.
    Term(Term, String),
    /// These rows, which are at hand in their order ([`super::Store::at_hand`]).
    Rows(Vec<Position>),
}

/// Names that the store keeps rows by (`migrations/0010_search.sql`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// The fleet-wide name of the program.
    Program = 2,
    /// The user's name, or the user id of one without.
    User = 3,
    /// The host's name.
    Host = 4,
}

/// Rows of the inventory in their order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Use>,
    /// Where to go on, when there may be more.
    pub next: Option<Position>,
}

/// What [`super::search`] reads of a use.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    caller: i64,
    vendor: String,
    service: String,
    kind: String,
    name: String,
    program: String,
    exe: Option<String>,
    script: Option<String>,
    container: Option<String>,
    image: Option<String>,
    pod: Option<String>,
    namespace: Option<String>,
    workload: Option<String>,
    unit: Option<String>,
    origin: Option<String>,
    package: Option<String>,
    package_version: Option<String>,
    sha256: Option<String>,
    uid: i64,
    user_name: Option<String>,
    user_groups: Option<String>,
    host: String,
    agent: String,
    labels: Option<String>,
    flows: i64,
    bytes_out: i64,
    bytes_in: i64,
    first_seen: i64,
    last_seen: i64,
    evidence: i64,
    direct_seen: i64,
    finding: Option<i64>,
    prohibition: Option<i64>,
    /// Whether it is one that is asked for; a statement that does not say reads no other.
    #[sqlx(default)]
    is_asked: Option<bool>,
}

impl Row {
    /// Whether it is one that is asked for.
    pub(super) fn is_asked(&self) -> bool {
        self.is_asked != Some(false)
    }

    /// Where it stands in an order.
    pub(super) fn position(&self, sort: Sort) -> Position {
        let value = match sort {
            Sort::FirstSeen => self.first_seen,
            Sort::LastSeen => self.last_seen,
            Sort::BytesOut => self.bytes_out,
        };
        Position { value, id: self.id }
    }

    /// The store's own number.
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// The row of the caller.
    pub(super) fn caller(&self) -> i64 {
        self.caller
    }

    /// When it was first seen and its number, by which uses are ordered.
    pub(super) fn place(&self) -> (i64, i64) {
        (self.first_seen, self.id)
    }
}

impl From<Row> for Use {
    /// Where it stands is its place in the order of the page.
    fn from(row: Row) -> Self {
        let position = row.position(Sort::default());
        Self {
            caller: row.caller,
            vendor: row.vendor,
            service: row.service,
            kind: row.kind,
            name: row.name,
            program: row.program,
            exe: row.exe,
            script: row.script,
            container: row.container,
            image: row.image,
            pod: row.pod,
            namespace: row.namespace,
            workload: row.workload,
            unit: row.unit,
            origin: row.origin.and_then(|json| serde_json::from_str(&json).ok()),
            package: row.package,
            package_version: row.package_version,
            sha256: row.sha256,
            uid: u32::try_from(row.uid).unwrap_or(u32::MAX),
            user_name: row.user_name,
            user_groups: row.user_groups.and_then(|json| serde_json::from_str(&json).ok()),
            host: row.host,
            agent: row.agent,
            labels: configurations::parsed(row.labels.as_deref()),
            flows: count(row.flows),
            bytes_out: count(row.bytes_out),
            bytes_in: count(row.bytes_in),
            first_seen: time(row.first_seen),
            last_seen: time(row.last_seen),
            evidence: evidence::of_rank(row.evidence),
            direct_seen: (row.direct_seen > 0).then(|| time(row.direct_seen)),
            finding: row.finding,
            prohibition: row.prohibition,
            position,
            behind: None,
        }
    }
}
