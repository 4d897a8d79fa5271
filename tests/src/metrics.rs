//! The Prometheus page of an agent or a collector, as far as tests read it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Samples by their full name, labels included (`name{label="value"}`).
#[derive(Clone, Debug, Default)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Reads `/metrics` of an agent.
    pub fn read(address: SocketAddr) -> Self {
        Self::asked(&format!("http://{address}/metrics"), None)
    }

    /// Reads it at this URL, with a token where one is asked for.
    pub(crate) fn asked(url: &str, token: Option<&str>) -> Self {
        let mut request = ureq::get(url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let text = request
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        Self(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| {
                    let (name, value) = line.rsplit_once(' ')?;
                    Some((name.to_owned(), value.parse().ok()?))
                })
                .collect(),
        )
    }

    /// One sample; the agent must have it.
    pub fn get(&self, name: &str) -> f64 {
        *self
            .0
            .get(name)
            .unwrap_or_else(|| panic!("no metric `{name}` in {:?}", self.0.keys()))
    }

    /// All samples of a metric, with their labels.
    pub fn all(&self, metric: &str) -> Vec<(String, f64)> {
        let samples = self.0.iter().filter(|(name, _)| name.starts_with(metric));
        samples.map(|(name, value)| (name.clone(), *value)).collect()
    }
}
