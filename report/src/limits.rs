//! How large a report and its parts may be: the collector refuses or cuts what is larger, the agent keeps below.

/// Bytes of a report as it travels (compressed, when it is). Above: status 413.
pub const COMPRESSED_BYTES: usize = 4 << 20;
/// Bytes of a report's JSON. Above: status 413.
pub const BYTES: usize = 16 << 20;
/// Records in a report. Above: status 400.
pub const RECORDS: usize = 10_000;
/// Causes in [`crate::Status::losses`]. Above: status 400.
pub const LOSS_CAUSES: usize = 64;
/// Bytes of a loss's cause: lower-case ASCII letters, digits and `_`. Above: status 400.
pub const LOSS_CAUSE: usize = 64;
/// Bytes of [`crate::Trouble::error`]. Longer ones are cut.
pub const TROUBLE: usize = 256;
/// Bytes of a host name asked for (RFC 1035, section 2.3.4, without the trailing dot). Above: status 400.
pub const NAME: usize = 253;
/// Bytes of a vendor's or service's name, and of the agent's version, kernel and machine id. Above: status 400.
pub const WORD: usize = 128;
/// Bytes of the reporting host's name. Above: status 400.
pub const HOST: usize = 255;
/// Bytes of a user's or group's name, a unit, an origin's name, a container's id, name, pod, namespace or workload, a hash, a package's
/// parts. Longer ones are cut: a user must not be able to make the collector refuse the batch that tells on him.
pub const LABEL: usize = 256;
/// Ancestors of a program. Further ones are left out.
pub const ANCESTORS: usize = 16;
/// Groups of a user. Further ones are left out.
pub const GROUPS: usize = 64;
/// Bytes of a program's, an ancestor's or an image's name. Longer ones are cut.
pub const PROGRAM: usize = 512;
/// Bytes of a path (`PATH_MAX` of Linux). Longer ones are cut.
pub const PATH: usize = 4096;
/// Flows in one observation. Above: status 400.
pub const FLOWS: u64 = 1 << 32;
/// Bytes in one observation, each way: more than any link carries in its minute. Above: status 400.
pub const TRAFFIC: u64 = 1 << 48;
/// Bytes of the catalogue in a [`crate::Configuration`]: hundreds of vendors.
pub const CATALOGUE: usize = 256 << 10;
/// Bytes of a [`crate::Signed`]: its texts are JSON within JSON.
pub const CONFIGURATION: usize = 1 << 20;
/// Seconds of [`crate::Settings::interval_seconds`].
pub const INTERVAL_SECONDS: core::ops::RangeInclusive<u32> = 1..=3600;
/// Seconds of [`crate::Settings::poll_seconds`].
pub const POLL_SECONDS: core::ops::RangeInclusive<u32> = 1..=86_400;
/// Bytes of the JSON of [`crate::Enrol`] or [`crate::Renew`]. Above: status 413.
pub const ENROLMENT: usize = 16 << 10;
/// Uses in a [`crate::Question`]. Above: status 400.
pub const USES: usize = 100;
/// Bytes of the JSON of a [`crate::Question`]: its uses with the longest labels. Above: status 413.
pub const QUESTION: usize = 4 << 20;
