//! The policy that is in force, held against the inventory.

mod dropped;
mod plan;

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use umbra_catalog::{Catalogue, Kind};
use umbra_policy::{Decision, Policy, Subject};

use crate::store::{Decided, Use};
pub(crate) use dropped::dropped;
pub(crate) use plan::{Plan, Turn};

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
            policy: Policy::new(decided.sanctions.clone(), &decided.groups).with(decided.rules.clone()),
            decided,
        }
    }
}

impl InForce {
    /// The organisation's plan in whose place a personal one is used, unless what counts is a sanction for that very
    /// service.
    pub(crate) fn personal(
        &self,
        vendor: &str,
        service: &str,
        decision: &Decision<'_>,
    ) -> Option<&umbra_policy::Plan> {
        personal(&self.policy, vendor, service, decision)
    }

    /// What it says of a row of the inventory, at a time.
    pub(crate) fn decide(&self, used: &Use, time: Timestamp) -> Decision<'_> {
        self.policy.decide(&subject(used), time)
    }
}

/// What [`InForce::personal`] says, of any policy.
pub(crate) fn personal<'a>(
    policy: &'a Policy,
    vendor: &str,
    service: &str,
    decision: &Decision<'_>,
) -> Option<&'a umbra_policy::Plan> {
    let plan = policy.plan_of(vendor)?;
    let scope = decision.by.and_then(|by| by.scope.service.as_deref());
    let is_meant = scope.is_some_and(|scope| scope.eq_ignore_ascii_case(service));
    (is_personal(vendor, service) && !is_meant).then_some(plan)
}

/// Whether the catalogue says that a service is a personal plan. Services of a catalogue that was published to agents
/// are known if the built-in one has them, too.
fn is_personal(vendor: &str, service: &str) -> bool {
    static PERSONAL: LazyLock<HashSet<(String, String)>> = LazyLock::new(|| {
        let catalogue = Catalogue::builtin();
        let services = catalogue.vendors().iter().flat_map(|vendor| {
            let personal = vendor.services.iter().filter(|service| service.is_personal());
            personal.map(|service| (vendor.name.clone(), service.name.clone()))
        });
        services.collect()
    });
    PERSONAL.contains(&(vendor.to_owned(), service.to_owned()))
}

/// What the policy is asked about a row of the inventory.
pub(crate) fn subject(used: &Use) -> Subject<'_> {
    let used = used.real();
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
