use std::time::Duration;

use super::{ConfigError, file};
use crate::findings::Watch;

const HOUR: u64 = 3600;

/// What is watched for; agents are missing after `missing`.
pub(super) fn of(file: &file::Findings, missing: Duration) -> Result<Watch, ConfigError> {
    let within = |key, value: Option<u64>, low, high| match value {
        Some(value) if !(low..=high).contains(&value) => Err(ConfigError::Range {
            section: "findings",
            key,
            low,
            high,
        }),
        other => Ok(other),
    };
    let default = Watch::default();
    let learning = within("learning_days", file.learning_days, 0, 365)?;
    let silence = within("silent_hours", file.silent_hours, 1, 8760)?;
    let lossy = within("lossy_percent", file.lossy_percent, 1, 100)?;
    Ok(Watch {
        learning: learning.map_or(default.learning, |days| Duration::from_secs(days * 24 * HOUR)),
        silence: silence.map_or(default.silence, |hours| Duration::from_secs(hours * HOUR)),
        lossy_percent: lossy.map_or(default.lossy_percent, |percent| {
            u8::try_from(percent).unwrap_or(100)
        }),
        missing,
        ..default
    })
}
