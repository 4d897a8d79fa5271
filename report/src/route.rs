use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Which way a flow went, as far as its program told: `"direct"`, or `{"via": {"ip": "10.1.2.3", "port": 3128}}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// To the address that it asked for, or that its name has; a proxy that no program asks is not seen.
    Direct,
    /// Through proxies; this is the first one.
    Via {
        /// Its address.
        ip: IpAddr,
        /// Its port.
        port: u16,
    },
}

impl Route {
    /// Through this proxy; `None`: through none.
    pub fn through(proxy: Option<SocketAddr>) -> Self {
        proxy.map_or(Self::Direct, |proxy| Self::Via {
            ip: proxy.ip(),
            port: proxy.port(),
        })
    }

    /// The first proxy, if there is one.
    pub fn proxy(self) -> Option<SocketAddr> {
        match self {
            Self::Direct => None,
            Self::Via { ip, port } => Some(SocketAddr::new(ip, port)),
        }
    }
}
