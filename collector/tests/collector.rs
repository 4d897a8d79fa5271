//! The collector as its users meet it: over HTTP, with SQLite on disk.

#[path = "collector/admitting.rs"]
mod admitting;
#[path = "collector/asking.rs"]
mod asking;
#[path = "collector/asking_pages.rs"]
mod asking_pages;
#[path = "collector/backup.rs"]
mod backup;
#[path = "collector/browser.rs"]
mod browser;
#[path = "collector/bypass.rs"]
mod bypass;
#[path = "collector/commands.rs"]
mod commands;
#[path = "collector/configuration.rs"]
mod configuration;
#[path = "collector/crowds.rs"]
mod crowds;
#[path = "collector/daemon.rs"]
mod daemon;
#[path = "collector/deciding.rs"]
mod deciding;
#[path = "collector/document.rs"]
mod document;
#[path = "collector/drafts.rs"]
mod drafts;
#[path = "collector/enrolment.rs"]
mod enrolment;
#[path = "collector/erasing.rs"]
mod erasing;
#[path = "collector/exactly_once.rs"]
mod exactly_once;
#[path = "collector/facets.rs"]
mod facets;
#[path = "collector/faults.rs"]
mod faults;
#[path = "collector/finding_pages.rs"]
mod finding_pages;
#[path = "collector/findings.rs"]
mod findings;
#[path = "collector/first_day.rs"]
mod first_day;
#[path = "collector/first_use.rs"]
mod first_use;
#[path = "collector/idle.rs"]
mod idle;
#[path = "collector/ingest.rs"]
mod ingest;
#[path = "collector/kills.rs"]
mod kills;
#[path = "collector/labelling.rs"]
mod labelling;
#[path = "collector/live.rs"]
mod live;
#[path = "collector/made_up.rs"]
mod made_up;
#[path = "collector/on_sqlite.rs"]
mod on;
#[path = "collector/overview.rs"]
mod overview;
#[path = "collector/own_account.rs"]
mod own_account;
#[path = "collector/page.rs"]
mod page;
#[path = "collector/people.rs"]
mod people;
#[path = "collector/policy.rs"]
mod policy;
#[path = "collector/presence.rs"]
mod presence;
#[path = "collector/process.rs"]
mod process;
#[path = "collector/profiles.rs"]
mod profiles;
#[path = "collector/pseudonyms.rs"]
mod pseudonyms;
#[path = "collector/python.rs"]
mod python;
#[path = "collector/questions.rs"]
mod questions;
#[path = "collector/real_receivers.rs"]
mod real_receivers;
#[path = "collector/receiver.rs"]
mod receiver;
#[path = "collector/requests.rs"]
mod requests;
#[path = "collector/roles.rs"]
mod roles;
#[path = "collector/routes.rs"]
mod routes;
#[path = "collector/routing.rs"]
mod routing;
#[path = "collector/running.rs"]
mod running;
#[path = "collector/saved_views.rs"]
mod saved_views;
#[path = "collector/scopes.rs"]
mod scopes;
#[path = "collector/secured_receivers.rs"]
mod secured_receivers;
#[path = "collector/settings.rs"]
mod settings;
#[path = "collector/sorting.rs"]
mod sorting;
#[path = "collector/spikes.rs"]
mod spikes;
#[path = "collector/standing.rs"]
mod standing;
#[path = "collector/tls.rs"]
mod tls;
#[path = "collector/vendors.rs"]
mod vendors;
#[path = "collector/verdicts.rs"]
mod verdicts;
#[path = "collector/webhook.rs"]
mod webhook;
#[path = "collector/writes.rs"]
mod writes;
