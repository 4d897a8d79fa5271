//! What an agent tells the collector, as JSON over `POST /v1/reports`.
//!
//! A [`Report`] is a batch of numbered [`Record`]s out of the agent's spool. Numbers rise by one within a spool epoch;
//! the collector applies a batch and remembers its last number in one transaction, so that a repeated batch changes
//! nothing, and answers with an [`Acknowledgement`].
//!
//! Before that, an agent gets a certificate for a [`Token`] over `POST /v1/enrol` ([`Enrol`]), and new ones over
//! `POST /v1/renew` ([`Renew`]). While somebody looks at its host, it asks what the policy says of the callers there over
//! `POST /v1/verdicts` ([`Question`]). Every refusal is a [`Problem`].
#![forbid(unsafe_code)]

mod caller;
mod condition;
mod configuration;
mod enrolment;
mod evidence;
pub mod limits;
mod observation;
mod origin;
mod problem;
mod record;
mod route;
#[cfg(feature = "openapi")]
mod schema;
mod token;
mod verdicts;

pub use caller::{Caller, Container, Package, Program, User};
pub use condition::{Condition, Trouble, Waiting};
pub use configuration::{Configuration, Running, SIGNED_CONTEXT, Settings, Signed};
pub use enrolment::{Enrol, Enrolled, Renew};
pub use evidence::{Evidence, Protocol};
pub use observation::Observation;
pub use origin::{Origin, OriginKind};
pub use problem::{Code, Problem};
pub use record::{Acknowledgement, Agent, Gap, Record, RecordBody, Report, Status};
pub use route::Route;
#[cfg(feature = "openapi")]
pub use schema::kinds;
pub use token::{BadToken, Token};
pub use umbra_policy::Verdict;
pub use verdicts::{Judged, Question, Use, Verdicts};

/// The version of these types. A collector refuses a report of a version that it does not know with status 400.
pub const VERSION: u16 = 1;

/// Media type of a report: JSON, compressed with zstd (`Content-Encoding: zstd`).
pub const CONTENT_TYPE: &str = "application/json";

#[cfg(test)]
mod tests;
