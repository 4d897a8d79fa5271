use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;
use serde::Deserialize;

/// Base address of a collector, such as `https://umbra.example:8443`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct CollectorUrl(Url);

/// What was given is not the address of a collector.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a collector's address: write https://HOST or https://HOST:PORT")]
pub struct BadCollectorUrl(String);

impl CollectorUrl {
    /// Where reports go.
    pub fn reports(&self) -> Url {
        self.at("reports")
    }

    /// Where what is called `name` in version 1 of the API goes.
    pub(crate) fn at(&self, name: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/v1/{name}", self.0.path().trim_end_matches('/')));
        url
    }

    /// Whether the collector is on this very host.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse()
                .is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    /// Whether reports go without TLS.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether reports would cross the network in the clear.
    pub fn is_exposed(&self) -> bool {
        self.is_plain() && !self.is_loopback()
    }
}

impl FromStr for CollectorUrl {
    type Err = BadCollectorUrl;

    fn from_str(text: &str) -> Result<Self, BadCollectorUrl> {
        let bare = |url: &Url| url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && bare(&url) => {
                Ok(Self(url))
            }
            _ => Err(BadCollectorUrl(text.to_owned())),
        }
    }
}

impl TryFrom<String> for CollectorUrl {
    type Error = BadCollectorUrl;

    fn try_from(text: String) -> Result<Self, BadCollectorUrl> {
        text.parse()
    }
}

impl fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}
