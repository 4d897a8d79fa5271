use std::time::Duration;

use umbra_report::limits::{BYTES, COMPRESSED_BYTES};

use super::{ConfigError, file};
use crate::ingest::Limits;

/// Not less than what agents send: they would give up reports that are refused for their size.
const REPORT: (usize, usize) = (COMPRESSED_BYTES, 64 << 20);
const UNPACKED: (usize, usize) = (BYTES, 256 << 20);
/// One report of the largest size must have room.
const MEMORY: (usize, usize) = (REPORT.1, 64 << 30);
const SECONDS: (u64, u64) = (1, 600);
/// Up to the longest pause that an agent may have.
const IDLE_SECONDS: (u64, u64) = (1, 3600);

pub(super) fn of(file: &file::Limits) -> Result<Limits, ConfigError> {
    let default = Limits::default();
    Ok(Limits {
        compressed: size("report_bytes", file.report_bytes, default.compressed, REPORT)?,
        bytes: size(
            "report_unpacked_bytes",
            file.report_unpacked_bytes,
            default.bytes,
            UNPACKED,
        )?,
        head: time("head_seconds", file.head_seconds, default.head, SECONDS)?,
        idle: time("idle_seconds", file.idle_seconds, default.idle, IDLE_SECONDS)?,
        body: time("body_seconds", file.body_seconds, default.body, SECONDS)?,
        shutdown: time(
            "shutdown_seconds",
            file.shutdown_seconds,
            default.shutdown,
            SECONDS,
        )?,
        connections: size(
            "connections",
            file.connections,
            default.connections,
            (10, 1_000_000),
        )?,
        reports: size(
            "reports_at_once",
            file.reports_at_once,
            default.reports,
            (1, 1000),
        )?,
        reports_of_an_agent: size(
            "reports_of_an_agent",
            file.reports_of_an_agent,
            default.reports_of_an_agent,
            (1, 1000),
        )?,
        memory: size("memory_bytes", file.memory_bytes, default.memory, MEMORY)?,
    })
}

fn size(
    key: &'static str,
    value: Option<u64>,
    default: usize,
    (low, high): (usize, usize),
) -> Result<usize, ConfigError> {
    let Some(value) = value else { return Ok(default) };
    usize::try_from(value)
        .ok()
        .filter(|value| (low..=high).contains(value))
        .ok_or(ConfigError::Range {
            section: "limits",
            key,
            low: u64::try_from(low).unwrap_or(u64::MAX),
            high: u64::try_from(high).unwrap_or(u64::MAX),
        })
}

fn time(
    key: &'static str,
    seconds: Option<u64>,
    default: Duration,
    (low, high): (u64, u64),
) -> Result<Duration, ConfigError> {
    let Some(seconds) = seconds else {
        return Ok(default);
    };
    if (low..=high).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(ConfigError::Range {
            section: "limits",
            key,
            low,
            high,
        })
    }
}
