//! Whole-system tests: the agent and the collector against real clients, on this kernel.
//!
//! One binary, so that it can be carried into a virtual machine as it is; one file a promise.
#![forbid(unsafe_code)]

#[path = "system/apart.rs"]
mod apart;
#[path = "system/api.rs"]
mod api;
#[path = "system/bad_input.rs"]
mod bad_input;
#[path = "system/bed.rs"]
mod bed;
#[path = "system/browsers.rs"]
mod browsers;
#[path = "system/browsing.rs"]
mod browsing;
#[path = "system/busy_host.rs"]
mod busy_host;
#[path = "system/bypass.rs"]
mod bypass;
#[path = "system/collector_away.rs"]
mod collector_away;
#[path = "system/commands.rs"]
mod commands;
#[path = "system/configured.rs"]
mod configured;
#[path = "system/containers.rs"]
mod containers;
#[path = "system/content.rs"]
mod content;
#[path = "system/cuts.rs"]
mod cuts;
#[path = "system/deciding.rs"]
mod deciding;
#[path = "system/diagnostics.rs"]
mod diagnostics;
#[path = "system/disguises.rs"]
mod disguises;
#[path = "system/dns.rs"]
mod dns;
#[path = "system/dns_evidence.rs"]
mod dns_evidence;
#[path = "system/ech.rs"]
mod ech;
#[path = "system/enrol.rs"]
mod enrol;
#[path = "system/every_client.rs"]
mod every_client;
#[path = "system/every_page.rs"]
mod every_page;
#[path = "system/every_proxy.rs"]
mod every_proxy;
#[path = "system/every_state.rs"]
mod every_state;
#[path = "system/expect.rs"]
mod expect;
#[path = "system/files.rs"]
mod files;
#[path = "system/fresh_answers.rs"]
mod fresh_answers;
#[path = "system/full_disk.rs"]
mod full_disk;
#[path = "system/http.rs"]
mod http;
#[path = "system/inspect.rs"]
mod inspect;
#[path = "system/interpreters.rs"]
mod interpreters;
#[path = "system/leaves_nothing.rs"]
mod leaves_nothing;
#[path = "system/long_flow.rs"]
mod long_flow;
#[path = "system/looks.rs"]
mod looks;
#[path = "system/names.rs"]
mod names;
#[path = "system/older.rs"]
mod older;
#[path = "system/origins.rs"]
mod origins;
#[path = "system/outside.rs"]
mod outside;
#[path = "system/own_host.rs"]
mod own_host;
#[path = "system/owners.rs"]
mod owners;
#[path = "system/page.rs"]
mod page;
#[path = "system/people.rs"]
mod people;
#[path = "system/place.rs"]
mod place;
#[path = "system/presence.rs"]
mod presence;
#[path = "system/proxies.rs"]
mod proxies;
#[path = "system/quic.rs"]
mod quic;
#[path = "system/quic_beginnings.rs"]
mod quic_beginnings;
#[path = "system/quic_initials.rs"]
mod quic_initials;
#[path = "system/quic_proxies.rs"]
mod quic_proxies;
#[path = "system/resolved.rs"]
mod resolved;
#[path = "system/resolvers.rs"]
mod resolvers;
#[path = "system/reuse.rs"]
mod reuse;
#[path = "system/rootless.rs"]
mod rootless;
#[path = "system/scorecard.rs"]
mod scorecard;
#[path = "system/short_lived.rs"]
mod short_lived;
#[path = "system/socks.rs"]
mod socks;
#[path = "system/split.rs"]
mod split;
#[path = "system/stage.rs"]
mod stage;
#[path = "system/starttls.rs"]
mod starttls;
#[path = "system/storm.rs"]
mod storm;
#[path = "system/story.rs"]
mod story;
#[path = "system/tables.rs"]
mod tables;
#[path = "system/through.rs"]
mod through;
#[path = "system/told.rs"]
mod told;
#[path = "system/top.rs"]
mod top;
#[path = "system/tunnels.rs"]
mod tunnels;
#[path = "system/versions.rs"]
mod versions;
#[path = "system/wrappers.rs"]
mod wrappers;
