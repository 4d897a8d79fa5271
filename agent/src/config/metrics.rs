use std::net::SocketAddr;

use serde::Deserialize;

/// Prometheus metrics over plain HTTP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "File")]
pub struct Metrics {
    /// Where to listen; `None`: no metrics are served.
    pub listen: Option<SocketAddr>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct File {
    listen: Option<SocketAddr>,
    allow_remote: bool,
}

impl TryFrom<File> for Metrics {
    type Error = String;

    fn try_from(File { listen, allow_remote }: File) -> Result<Self, String> {
        match listen {
            Some(address) if !address.ip().is_loopback() && !allow_remote => Err(format!(
                "metrics would be readable by other hosts at {address}: listen on 127.0.0.1, or set \
                 `allow_remote = true`"
            )),
            listen => Ok(Self { listen }),
        }
    }
}
