use serde::{Deserialize, Serialize};
use umbra_catalog::Kind;
use umbra_policy::Verdict;
use uuid::Uuid;

use crate::Caller;

/// What an agent asks for whoever looks at its host: `POST /v1/verdicts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VerdictQuestion))]
pub struct Question {
    /// [`crate::VERSION`] of the sender.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1))]
    pub version: u16,
    /// Who asks.
    pub agent: Uuid,
    /// About what, at most [`crate::limits::USES`].
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub uses: Vec<Use>,
}

/// A caller of the agent's host, and the service that it uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Use {
    /// Who.
    pub caller: Caller,
    /// Vendor's name in the catalogue.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub vendor: String,
    /// Service of the vendor.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub service: String,
    /// Kind of the service.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schema::kinds))]
    pub kind: Kind,
}

/// The answer: what the policy says now. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdicts {
    /// Version of the policy in force; 0: none was ever decided.
    pub policy: u64,
    /// Of each use, in their order.
    pub verdicts: Vec<Judged>,
}

/// What the policy says of a use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judged {
    /// Its verdict.
    pub verdict: Verdict,
    /// Id of the sanction that gave it; `None`: nobody has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanction: Option<String>,
}
