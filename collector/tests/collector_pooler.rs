//! The tests of `collector.rs` that a pooler before PostgreSQL could change.

#[path = "collector/cluster.rs"]
mod cluster;
#[path = "collector/configuration.rs"]
mod configuration;
#[path = "collector/enrolment.rs"]
mod enrolment;
#[path = "collector/exactly_once.rs"]
mod exactly_once;
#[path = "collector/findings.rs"]
mod findings;
#[path = "collector/ingest.rs"]
mod ingest;
#[path = "collector/load.rs"]
mod load;
#[path = "collector/made_up.rs"]
mod made_up;
#[path = "collector/on_pooler.rs"]
mod on;
#[path = "collector/page.rs"]
mod page;
#[path = "collector/pooled.rs"]
mod pooled;
#[path = "collector/pooler.rs"]
mod pooler;
#[path = "collector/presence.rs"]
mod presence;
#[path = "collector/receiver.rs"]
mod receiver;
#[path = "collector/running.rs"]
mod running;
#[path = "collector/webhook.rs"]
mod webhook;
