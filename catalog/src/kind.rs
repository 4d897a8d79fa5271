//! What a pattern says about a name: the kind of service behind it, and how sure that is.

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

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Api,
        Self::WebApp,
        Self::CodingAssistant,
        Self::CloudAi,
        Self::Gateway,
        Self::ModelHub,
        Self::AgentTool,
        Self::Telemetry,
        Self::Cdn,
    ];

    /// The name used in files, in NDJSON and on the collector's pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::WebApp => "web_app",
            Self::CodingAssistant => "coding_assistant",
            Self::CloudAi => "cloud_ai",
            Self::Gateway => "gateway",
            Self::ModelHub => "model_hub",
            Self::AgentTool => "agent_tool",
            Self::Telemetry => "telemetry",
            Self::Cdn => "cdn",
        }
    }

    /// Whether use of such a name alone deserves a finding: a web page that embeds an image of a vendor's CDN does
    /// not make its reader a user of AI.
    pub const fn raises_finding(self) -> bool {
        !matches!(self, Self::Telemetry | Self::Cdn)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure it is that a name belongs to its service and to nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Unverified, or the name also serves things that are not AI.
    Low,
    /// One sound source.
    Medium,
    /// Two or more independent sources, or the vendor's own documentation.
    High,
}

impl Confidence {
    /// The name used in files and on the collector's pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
