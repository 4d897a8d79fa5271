//! The policy that is in force, held against the inventory.

use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_policy::{Decision, Policy, Subject};

use crate::store::{Decided, Use};

/// A version of the policy, put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce {
    /// What was decided.
    pub(crate) decided: Decided,
    /// The same, to be asked.
    pub(crate) policy: Policy,
}

impl From<Decided> for InForce {
    fn from(decided: Decided) -> Self {
        Self {
            policy: Policy::new(decided.sanctions.clone(), &decided.groups),
            decided,
        }
    }
}

impl InForce {
    /// What it says of a row of the inventory, at a time.
    pub(crate) fn decide(&self, used: &Use, time: Timestamp) -> Decision<'_> {
        self.policy.decide(&subject(used), time)
    }
}

/// What the policy is asked about a row of the inventory.
pub(crate) fn subject(used: &Use) -> Subject<'_> {
    Subject {
        vendor: &used.vendor,
        service: &used.service,
        kind: Kind::ALL.into_iter().find(|kind| kind.as_str() == used.kind),
        program: &used.program,
        script: used.script.as_deref(),
        package: used.package.as_deref(),
        uid: used.uid,
        user: used.user_name.as_deref(),
        groups: used.user_groups.iter().flatten().map(String::as_str).collect(),
        labels: used
            .labels
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
        unit: used.unit.as_deref(),
        image: used.image.as_deref(),
        namespace: used.namespace.as_deref(),
    }
}
