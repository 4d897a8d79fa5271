use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;
use umbra_catalog::{Catalogue, Kind};

use super::{Fault, File, GROUPS, SANCTIONS, names, rules};
use crate::data::DataClass;
use crate::egress::Egress;
use crate::pattern::Pattern;
use crate::plan::Plan;
use crate::sanction::Sanction;
use crate::scope::Scope;
use crate::verdict::Verdict;

/// The version of the form.
const VERSION: u32 = 1;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    version: Spanned<u32>,
    #[serde(default)]
    own_classes: Vec<Spanned<String>>,
    #[serde(default)]
    single_approval: Vec<Spanned<String>>,
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, BTreeSet<String>>,
    #[serde(default)]
    sanction: Vec<Spanned<SanctionForm>>,
    #[serde(default)]
    egress: Vec<Spanned<Egress>>,
    #[serde(default)]
    plan: Vec<Spanned<Plan>>,
}

/// One sanction as it is written: scope and decision side by side.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SanctionForm {
    id: String,
    verdict: Verdict,
    vendor: Option<String>,
    service: Option<String>,
    kind: Option<Kind>,
    script: Option<Pattern>,
    program: Option<Pattern>,
    package: Option<Pattern>,
    user: Option<Pattern>,
    group: Option<Pattern>,
    host_label: Option<Pattern>,
    unit: Option<Pattern>,
    image: Option<Pattern>,
    namespace: Option<Pattern>,
    data: Option<DataClass>,
    reason: String,
    approver: String,
    expires: Option<Moment>,
    ticket: Option<String>,
}

/// A day or a time, as TOML's own or as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Moment {
    Native(toml::value::Datetime),
    Text(String),
}

impl Moment {
    /// The first moment that is not covered any more: a day counts whole.
    fn end(&self) -> Result<Timestamp, String> {
        let text = match self {
            Self::Native(native) => native.to_string(),
            Self::Text(text) => text.clone(),
        };
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(time);
        }
        let day = text
            .parse::<Date>()
            .ok()
            .filter(|_| text.len() == "2027-06-30".len());
        let next = day.and_then(|day| day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok());
        next.map(|next| next.timestamp()).ok_or_else(|| {
            format!(
                "`expires` is {text}: write a day, 2027-06-30, or a time with its zone, 2027-06-30T12:00:00Z"
            )
        })
    }
}

impl Form {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        toml::from_str(text).map_err(|error| Fault {
            line: Lines::of(text).at(error.span().unwrap_or_default().start),
            reason: error.message().replace('\n', " "),
        })
    }

    /// Checks everything, and puts the catalogue's names in the place of those that people use.
    pub(super) fn read(self, lines: &Lines, catalogue: &Catalogue) -> Result<File, Vec<Fault>> {
        let mut file = File::default();
        let mut faults = Vec::new();
        let mut fault = |line: usize, reason: String| faults.push(Fault { line, reason });
        if *self.version.get_ref() != VERSION {
            fault(
                lines.at(self.version.span().start),
                format!(
                    "`version` is {}, and this collector knows {VERSION}",
                    self.version.get_ref()
                ),
            );
        }
        for class in self.own_classes {
            let line = lines.at(class.span().start);
            let class = class.into_inner();
            let letters =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
            if DataClass::COMMON.iter().any(|common| common.as_str() == class) {
                fault(
                    line,
                    format!("everybody has the class {class}: take it out of `own_classes`"),
                );
            } else if !(1..=64).contains(&class.len()) || !class.bytes().all(letters) {
                fault(
                    line,
                    "a class is called by 1 to 64 of a-z, 0-9, - and _".to_owned(),
                );
            } else {
                file.own_classes.insert(class);
            }
        }
        for class in self.single_approval {
            let line = lines.at(class.span().start);
            let class = class.into_inner();
            if file.own_classes.contains(&class) {
                file.single_approval.insert(class);
            } else {
                fault(
                    line,
                    format!(
                        "`single_approval` has {class}, which is none of `own_classes`: public and internal data take one \
                         person anyway, confidential and restricted data always two"
                    ),
                );
            }
        }
        if self.groups.len() > GROUPS || self.groups.values().any(|users| users.len() > GROUPS) {
            fault(
                1,
                format!("there are more than {GROUPS} groups, or users in a group"),
            );
        }
        file.groups = self
            .groups
            .into_iter()
            .map(|(name, users)| (name.into_inner(), users))
            .collect();
        if self.sanction.len() > SANCTIONS {
            fault(1, format!("there are more than {SANCTIONS} sanctions"));
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        for form in self.sanction {
            let line = lines.at(form.span().start);
            let form = form.into_inner();
            if let Some(first) = seen.insert(form.id.clone(), line) {
                fault(
                    line,
                    format!("{} is the id of a sanction in line {first}, too", form.id),
                );
            }
            match form.read(&file, catalogue) {
                Ok((sanction, odd)) => {
                    file.odd
                        .extend(odd.into_iter().map(|reason| Fault { line, reason }));
                    file.lines.push(line);
                    file.kinds.push(names::kinds(catalogue, &sanction.scope));
                    file.sanctions.push(sanction);
                }
                Err(reason) => fault(line, reason),
            }
        }
        faults.extend(rules::read(&mut file, self.egress, self.plan, lines, catalogue));
        faults.sort();
        if faults.is_empty() { Ok(file) } else { Err(faults) }
    }
}

impl SanctionForm {
    /// Gives the sanction, and what is odd about its names.
    fn read(self, file: &File, catalogue: &Catalogue) -> Result<(Sanction, Vec<String>), String> {
        let id = self.id.clone();
        let about = |reason: String| format!("{id}: {reason}");
        let (vendor, service) = (self.vendor, self.service);
        let named = names::resolve(catalogue, vendor, service).map_err(about)?;
        let mut odd: Vec<String> = named.odd.into_iter().map(about).collect();
        if let Some(group) = self.group.as_ref().filter(|group| group.is_literal())
            && !file.groups.contains_key(group.as_str())
        {
            odd.push(about(format!(
                "no group {group} is in [groups]; it counts only where hosts report such a group"
            )));
        }
        if let Some(DataClass::Own(class)) = &self.data
            && !file.own_classes.contains(class)
        {
            return Err(about(format!(
                "`data` is {class}, which is not public, internal, confidential, restricted or one of `own_classes`"
            )));
        }
        let label = self.host_label.as_ref().map(Pattern::as_str);
        if label.is_some_and(|label| !label.contains('=') && label != "*") {
            return Err(about("write `host_label` as \"KEY=VALUE\"".to_owned()));
        }
        let sanction = Sanction {
            id: self.id,
            verdict: self.verdict,
            scope: Scope {
                vendor: named.vendor,
                service: named.service,
                kind: self.kind,
                script: self.script,
                program: self.program,
                package: self.package,
                user: self.user,
                group: self.group,
                host_label: self.host_label,
                unit: self.unit,
                image: self.image,
                namespace: self.namespace,
            },
            data: self.data,
            reason: self.reason,
            approver: self.approver,
            expires: self
                .expires
                .as_ref()
                .map(Moment::end)
                .transpose()
                .map_err(about)?,
            ticket: self.ticket,
        };
        match sanction.fault() {
            Some(fault) => Err(about(fault)),
            None => Ok((sanction, odd)),
        }
    }
}

/// Where lines begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(place, _)| place).collect())
    }

    /// The line of a byte, from 1.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|&end| end < byte) + 1
    }
}
