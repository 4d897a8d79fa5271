//! Rules beside the sanctions: `[[egress]]` and `[[plan]]`.

use std::collections::{BTreeSet, HashMap};

use toml::Spanned;
use umbra_catalog::Catalogue;

use super::form::Lines;
use super::{Fault, File, RULES, names};
use crate::egress::Egress;
use crate::plan::Plan;
use crate::sanction::{self, Sanction};
use crate::scope::Scope;

/// What people write of themselves in any rule.
struct Words<'a> {
    id: &'a str,
    reason: &'a str,
    approver: &'a str,
}

/// Reads both kinds into the file; gives what is wrong with them.
pub(super) fn read(
    file: &mut File,
    egress: Vec<Spanned<Egress>>,
    plans: Vec<Spanned<Plan>>,
    lines: &Lines,
    catalogue: &Catalogue,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if egress.len() > RULES || plans.len() > RULES {
        faults.push(Fault {
            line: 1,
            reason: format!("there are more than {RULES} of [[egress]] or [[plan]]"),
        });
        return faults;
    }
    let mut seen = HashMap::new();
    for rule in egress {
        let line = lines.at(rule.span().start);
        let mut rule = rule.into_inner();
        let words = Words {
            id: &rule.id,
            reason: &rule.reason,
            approver: &rule.approver,
        };
        let fault = words
            .fault()
            .or_else(|| rule.fault())
            .or_else(|| labels(&rule.direct));
        let fault = fault.or_else(|| again(&mut seen, &rule.id, line));
        let mut vendors = BTreeSet::new();
        for vendor in std::mem::take(&mut rule.vendors) {
            vendors.insert(named(file, catalogue, &rule.id, line, vendor));
        }
        rule.vendors = vendors;
        faults.extend(fault.map(|reason| about(&rule.id, line, &reason)));
        file.egress.push(rule);
    }
    seen.clear();
    for plan in plans {
        let line = lines.at(plan.span().start);
        let mut plan = plan.into_inner();
        let words = Words {
            id: &plan.id,
            reason: &plan.reason,
            approver: &plan.approver,
        };
        let fault = words.fault().or_else(|| again(&mut seen, &plan.id, line));
        faults.extend(fault.map(|reason| about(&plan.id, line, &reason)));
        plan.vendor = named(file, catalogue, &plan.id, line, plan.vendor);
        let told = catalogue.vendor(&plan.vendor).is_none_or(|vendor| {
            let mut services = vendor.services.iter();
            services.any(umbra_catalog::Service::is_personal)
        });
        if !told {
            let reason = format!(
                "of {} no name tells a personal plan from others, so nothing is found",
                plan.vendor
            );
            file.odd.push(about(&plan.id, line, &reason));
        }
        file.plans.push(plan);
    }
    faults
}

fn about(id: &str, line: usize, reason: &str) -> Fault {
    Fault {
        line,
        reason: format!("{id}: {reason}"),
    }
}

/// The catalogue's name for a vendor; that it knows none is odd.
fn named(file: &mut File, catalogue: &Catalogue, id: &str, line: usize, vendor: String) -> String {
    match names::resolve(catalogue, Some(vendor.clone()), None) {
        Ok(named) => {
            file.odd
                .extend(named.odd.iter().map(|reason| about(id, line, reason)));
            named.vendor.unwrap_or(vendor)
        }
        Err(_) => vendor,
    }
}

/// The first line of a rule of the same id.
fn again(seen: &mut HashMap<String, usize>, id: &str, line: usize) -> Option<String> {
    let first = seen.insert(id.to_owned(), line)?;
    Some(format!(
        "line {first} has a rule of the same kind with this id, too"
    ))
}

fn labels(scopes: &[Scope]) -> Option<String> {
    let mut labels = scopes.iter().filter_map(|scope| scope.host_label.as_ref());
    let wrong = labels.any(|label| !label.as_str().contains('=') && label.as_str() != "*");
    wrong.then(|| "write `host_label` as \"KEY=VALUE\"".to_owned())
}

impl Words<'_> {
    fn fault(&self) -> Option<String> {
        if !sanction::is_id(self.id) {
            return Some("`id` must be 1 to 64 of a-z, 0-9 and -".to_owned());
        }
        for (key, text) in [("reason", self.reason), ("approver", self.approver)] {
            if text.trim().is_empty() {
                return Some(format!("`{key}` must say something: it is read a year later"));
            }
            if text.chars().count() > Sanction::TEXT {
                return Some(format!("`{key}` is longer than {} characters", Sanction::TEXT));
            }
        }
        None
    }
}
