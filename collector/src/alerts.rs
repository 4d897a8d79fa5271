//! Alerts: what happens to findings goes from the store's outbox to whoever is to hear of it, along routes.
//!
//! A [`Route`] has a filter, a pace and a receiver. What a route takes is decided in the transaction that raises a finding
//! (`store/outbox.rs`), so that a later change of the filter sends no history; each route has rows of its own there, and
//! one [`Courier`] each collector, so that a route that fails holds up no other.
//!
//! What a receiver takes is settled. What it refuses for good (HTTP 4xx other than 408 and 429, SMTP 5xx) is shown and
//! offered once more at the next start: by then somebody may have mended it. Everything else is tried again for ever,
//! with exponential back-off and jitter, or when the receiver's `Retry-After` says. An attempt whose end was not written
//! down is made again, under the same id: receivers may hear a thing twice, and can tell. Of several collectors on a
//! store one sends along a route at a time; if it dies meanwhile, another goes on after a minute.

mod alertmanager;
mod backoff;
mod cloudevents;
mod courier;
mod email;
mod filter;
mod http;
mod message;
mod payload;
mod plain;
mod route;
mod signature;
mod slack;
mod syslog;
mod target;
mod words;

pub use courier::Courier;
pub use filter::Filter;
pub use message::Message;
pub use payload::Payload;
pub use route::{Address, Email, Http, MailTls, Pace, Receiver, Route, RouteSettings, Syslog, WEBHOOK};
pub use target::{Target, TargetError};

#[cfg(test)]
mod tests;
