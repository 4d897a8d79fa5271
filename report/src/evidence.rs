use serde::{Deserialize, Serialize};

/// How a flow's name is known, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Server name in a TLS `ClientHello` over TCP (RFC 6066, section 3).
    TlsSni,
    /// Server name in a QUIC Initial (RFC 9001).
    QuicSni,
    /// `Host` of a plain HTTP request.
    HttpHost,
    /// Target of an HTTP `CONNECT`.
    ProxyConnect,
    /// Domain of a SOCKS request.
    Socks,
    /// The process or its resolver asked for the name, and the flow goes to the answer.
    Dns,
    /// An own look-up of catalogue names gave the address. Never enough for a finding by itself.
    Ip,
}

impl Evidence {
    /// All, strongest first.
    pub const ALL: [Self; 7] = [
        Self::TlsSni,
        Self::QuicSni,
        Self::HttpHost,
        Self::ProxyConnect,
        Self::Socks,
        Self::Dns,
        Self::Ip,
    ];

    /// The name in NDJSON, on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TlsSni => "tls_sni",
            Self::QuicSni => "quic_sni",
            Self::HttpHost => "http_host",
            Self::ProxyConnect => "proxy_connect",
            Self::Socks => "socks",
            Self::Dns => "dns",
            Self::Ip => "ip",
        }
    }
}

/// Transport of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// TCP, multipath TCP included.
    Tcp,
    /// UDP, QUIC included.
    Udp,
}

impl Protocol {
    /// The name in NDJSON, on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}
