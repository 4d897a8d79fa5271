//! The catalogue of AI vendors.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// What a service is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Model API.
    Api,
    /// Chat or other web application for people.
    WebApp,
    /// Completion, chat or agent in a developer's tools.
    CodingAssistant,
    /// Model service of a general cloud.
    CloudAi,
    /// Gateway in front of several vendors' models.
    Gateway,
    /// Downloads of models.
    ModelHub,
    /// Search, scrape or other tool made for agents.
    AgentTool,
    /// Traces, feature flags and metrics.
    Telemetry,
    /// Static content.
    Cdn,
}
