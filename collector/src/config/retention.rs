use super::{ConfigError, file};
use crate::retention::Retention;

/// A century.
const MOST: u64 = 1200;

pub(super) fn of(file: &file::Retention) -> Result<Retention, ConfigError> {
    let default = Retention::default();
    let months = |key, months: Option<u64>, default| match months {
        None => Ok(default),
        Some(months) => u16::try_from(months)
            .ok()
            .filter(|months| (1..=MOST).contains(&u64::from(*months)))
            .ok_or(ConfigError::Range {
                section: "retention",
                key,
                low: 1,
                high: MOST,
            }),
    };
    let retention = Retention {
        observations: months(
            "observations_months",
            file.observations_months,
            default.observations,
        )?,
        inventory: months("inventory_months", file.inventory_months, default.inventory)?,
        findings: months("findings_months", file.findings_months, default.findings)?,
        requests: months("requests_months", file.requests_months, default.requests)?,
        alerts: months("alerts_months", file.alerts_months, default.alerts)?,
        losses: months("losses_months", file.losses_months, default.losses)?,
    };
    if retention.inventory < retention.observations {
        return Err(ConfigError::Retention);
    }
    Ok(retention)
}
