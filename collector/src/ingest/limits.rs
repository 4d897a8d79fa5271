use std::time::Duration;

use umbra_report::limits;

/// How much, and for how long, requests may ask of the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a report's body as it travels.
    pub compressed: usize,
    /// Bytes of the JSON in it.
    pub bytes: usize,
    /// From the first byte of a request to the end of its head, for a TLS handshake, and from there to the first request.
    pub head: Duration,
    /// From an answer to the next request on the same connection.
    pub idle: Duration,
    /// From the end of a request's head to the end of its body.
    pub body: Duration,
    /// From a signal to the end, for the requests that run.
    pub shutdown: Duration,
    /// Connections at the same time, at each listener, idle ones included.
    pub connections: usize,
    /// Reports that are unpacked at the same time.
    pub reports: usize,
    /// Reports that one agent may have in that number, or on their way.
    pub reports_of_an_agent: usize,
    /// Bytes of reports' bodies that are in memory at the same time, as they travel; as many again of the JSON of those
    /// that are unpacked and wait for the store.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            compressed: limits::COMPRESSED_BYTES,
            bytes: limits::BYTES,
            head: Duration::from_secs(10),
            // More than an agent's pause of a minute, one heartbeat being late.
            idle: Duration::from_secs(150),
            body: Duration::from_secs(30),
            shutdown: Duration::from_secs(10),
            connections: 10_000,
            reports: 4,
            reports_of_an_agent: 2,
            memory: 256 << 20,
        }
    }
}
