//! The proxies in between.

/// Proxies that are followed, one within the other.
pub const MOST_HOPS: u8 = 4;

/// The proxies that a request goes through. The outermost is the server of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// How the outermost was asked.
    pub protocol: ViaProtocol,
    /// How many there are: 1 to [`MOST_HOPS`].
    pub hops: u8,
}

/// How a proxy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViaProtocol {
    /// To pass on a plain HTTP request (`GET http://host/`).
    Http,
    /// For a tunnel by HTTP.
    HttpConnect,
    /// For a tunnel by SOCKS 4 or 4a.
    Socks4,
    /// For a tunnel by SOCKS 5.
    Socks5,
}

impl ViaProtocol {
    /// The name in NDJSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::HttpConnect => "http_connect",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
        }
    }
}
