//! What may be done, in the words of tokens, and which role may do it.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that may be done. Tokens have some of these, people those of their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Right {
    /// See who uses what, what was found and what is decided.
    #[serde(rename = "inventory:read")]
    InventoryRead,
    /// Read the audit log.
    #[serde(rename = "audit:read")]
    AuditRead,
    /// Read what the collector counts.
    #[serde(rename = "metrics:read")]
    MetricsRead,
    /// Put findings into a state.
    #[serde(rename = "findings:write")]
    FindingsWrite,
    /// Ask for sanctions, and take that back.
    #[serde(rename = "requests:write")]
    RequestsWrite,
    /// Put a policy in force, and decide about requests.
    #[serde(rename = "policy:write")]
    PolicyWrite,
    /// Learn whose pseudonym one is.
    #[serde(rename = "names:read")]
    NamesRead,
    /// Accounts, tokens and settings.
    #[serde(rename = "admin")]
    Admin,
}

/// What a person is here for. Each may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Works through findings, and asks for sanctions.
    Analyst,
    /// Decides: puts policies in force.
    Approver,
    /// Says who else may come in.
    Admin,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::InventoryRead,
        Self::AuditRead,
        Self::MetricsRead,
        Self::FindingsWrite,
        Self::RequestsWrite,
        Self::PolicyWrite,
        Self::NamesRead,
        Self::Admin,
    ];

    /// Its word, in tokens and in the API's description.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InventoryRead => "inventory:read",
            Self::AuditRead => "audit:read",
            Self::MetricsRead => "metrics:read",
            Self::FindingsWrite => "findings:write",
            Self::RequestsWrite => "requests:write",
            Self::PolicyWrite => "policy:write",
            Self::NamesRead => "names:read",
            Self::Admin => "admin",
        }
    }

    /// The first role that has it.
    pub const fn least(self) -> Role {
        match self {
            Self::InventoryRead | Self::AuditRead | Self::MetricsRead => Role::Viewer,
            Self::FindingsWrite | Self::RequestsWrite => Role::Analyst,
            Self::PolicyWrite | Self::NamesRead => Role::Approver,
            Self::Admin => Role::Admin,
        }
    }

    /// Whether it is about hosts, so that it can be had for some of them. What is about the whole fleet is not for
    /// those who see a part of it.
    pub const fn is_about_hosts(self) -> bool {
        match self {
            // To ask shows nobody anything.
            Self::InventoryRead | Self::FindingsWrite | Self::RequestsWrite => true,
            Self::AuditRead | Self::MetricsRead | Self::PolicyWrite | Self::NamesRead | Self::Admin => false,
        }
    }
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Analyst, Self::Approver, Self::Admin];

    /// Its word, in the store and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// The role of this word; `None` when a later version wrote it.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// What it may do.
    pub fn rights(self) -> impl Iterator<Item = Right> {
        Right::ALL.into_iter().filter(move |right| right.least() <= self)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        Self::ALL
            .into_iter()
            .find(|right| right.as_str() == word)
            .ok_or_else(|| format!("there is no such scope; there are {}", known.join(", ")))
    }
}
