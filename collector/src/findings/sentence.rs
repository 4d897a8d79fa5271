//! A finding in a sentence, with its numbers. Names of people are those of the inventory as of now.

use super::{Facts, FindingKind};

/// What a sentence is made of.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// What the finding is about; `None`: a later version knows.
    pub kind: Option<FindingKind>,
    /// Fleet-wide name of the program.
    pub program: &'a str,
    /// Vendor's name in the catalogue.
    pub vendor: &'a str,
    /// Host name that was asked for.
    pub name: &'a str,
    /// The user's name.
    pub user: Option<&'a str>,
    /// The user's id on the host.
    pub uid: i64,
    /// The host.
    pub host: &'a str,
    /// The sanction that counted.
    pub sanction: Option<&'a str>,
    /// What it was raised for.
    pub facts: &'a Facts,
}

impl Told<'_> {
    /// The sentence, without its full stop.
    pub fn sentence(&self) -> String {
        let (program, vendor) = (self.program, self.vendor);
        match self.kind {
            Some(FindingKind::NewCaller) => {
                format!(
                    "{program} uses {vendor}, and nobody has sanctioned it: {}",
                    self.asked()
                )
            }
            Some(FindingKind::ProhibitedUse) => {
                let by = self.sanction.map_or_else(String::new, |id| format!(" by {id}"));
                format!(
                    "{program} uses {vendor}, which is prohibited{by}: {}",
                    self.asked()
                )
            }
            Some(FindingKind::FirstUse) => {
                format!(
                    "{vendor} is used in the fleet for the first time, by {program}: {}",
                    self.asked()
                )
            }
            Some(FindingKind::GatewayBypass) => self.bypass(),
            Some(FindingKind::PersonalPlan) => self.plan(),
            Some(FindingKind::VolumeSpike) => self.spike(),
            Some(FindingKind::SilentAgent) => self.silence(),
            Some(FindingKind::LossyAgent) => self.loss(),
            Some(FindingKind::SanctionExpiring) => self.expiry(),
            None => format!("{program} and {vendor}: a later version of umbra-collector says more"),
        }
    }

    /// `eve on web-1 asked for api.openai.com`
    fn asked(&self) -> String {
        format!("{} asked for {}", self.who(), self.name)
    }

    fn who(&self) -> String {
        let uid = format!("uid {}", self.uid);
        format!("{} on {}", self.user.unwrap_or(&uid), self.host)
    }

    fn bypass(&self) -> String {
        let (program, vendor) = (self.program, self.vendor);
        let Some(bypass) = &self.facts.bypass else {
            return format!(
                "{program} reaches {vendor} past the approved egress: {}",
                self.asked()
            );
        };
        let via: Vec<&str> = bypass.via.iter().map(String::as_str).collect();
        let way = match (bypass.direct, via.is_empty()) {
            (true, false) => format!("directly and through {}", via.join(", ")),
            (false, false) => format!("through {}", via.join(", ")),
            (_, true) => "directly".to_owned(),
        };
        let approved = if bypass.approved.is_empty() {
            "a gateway".to_owned()
        } else {
            bypass.approved.join(", ")
        };
        format!(
            "{program} reaches {vendor} {way}, and {} wants it to go through {approved}: {}",
            bypass.egress,
            self.asked()
        )
    }

    fn plan(&self) -> String {
        let (program, vendor) = (self.program, self.vendor);
        match &self.facts.plan {
            Some(plan) => format!(
                "{program} uses {}, a personal plan, and by {} the organisation has {} of {vendor}: {}",
                plan.service,
                plan.rule,
                plan.has,
                self.asked()
            ),
            None => format!("{program} uses a personal plan of {vendor}: {}", self.asked()),
        }
    }

    fn spike(&self) -> String {
        let (program, vendor) = (self.program, self.vendor);
        let Some(spike) = &self.facts.spike else {
            return format!(
                "{program} sent more to {vendor} than it is used to: {}",
                self.who()
            );
        };
        let times = spike.bytes_out / spike.usual.max(1);
        let others = match spike.callers.saturating_sub(1) {
            0 => String::new(),
            1 => ", and one caller more".to_owned(),
            more => format!(", and {more} callers more"),
        };
        format!(
            "{program} sent {} to {vendor} on {}, {times} times its usual {} (median of {} days with traffic; {} to {}): \
             {}{others}",
            bytes(spike.bytes_out),
            spike.day,
            bytes(spike.usual),
            spike.days,
            bytes(spike.least),
            bytes(spike.most),
            self.who()
        )
    }

    fn silence(&self) -> String {
        match &self.facts.silence {
            Some(silence) => format!(
                "the agent on {} has not been heard since {:.0}, for {} hours in which a collector listened",
                self.host, silence.last_report, silence.hours
            ),
            None => format!("the agent on {} is not heard", self.host),
        }
    }

    fn loss(&self) -> String {
        let Some(loss) = &self.facts.loss else {
            return format!("the agent on {} loses what it sees", self.host);
        };
        let causes: Vec<String> = loss
            .causes
            .iter()
            .map(|(cause, count)| format!("{} {count}", cause.replace('_', " ")))
            .collect();
        format!(
            "the agent on {} lost {} of {} ({} %) from {:.0} to {:.0}; lost in all: {}",
            self.host,
            loss.lost,
            loss.lost.saturating_add(loss.flows),
            share(loss.lost, loss.flows),
            loss.from,
            loss.to,
            causes.join(", ")
        )
    }

    fn expiry(&self) -> String {
        let Some(expiry) = &self.facts.expiry else {
            return format!("a sanction ends soon: {}", self.asked());
        };
        format!(
            "the sanction {} ends at {:.0}, within {} days, and makes this {}: {}; renew it, or let it end",
            expiry.sanction,
            expiry.expires,
            expiry.days,
            expiry.verdict,
            self.asked()
        )
    }
}

/// Of all, in per cent.
pub(crate) fn share(lost: u64, told: u64) -> u64 {
    let all = u128::from(lost) + u128::from(told);
    u64::try_from(u128::from(lost) * 100 / all.max(1)).unwrap_or(100)
}

/// `48 MB`, `2.3 MB`: two figures, powers of ten.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    // In tenths, so that no figure is rounded twice.
    let (mut tenths, mut unit) = (count / 100, UNITS[0]);
    for next in &UNITS[1..] {
        if tenths < 10_000 {
            break;
        }
        (tenths, unit) = (tenths / 1000, next);
    }
    if tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}
