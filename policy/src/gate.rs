use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Addresses of proxies or gateways: a network, or one address, there any port or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Gate {
    address: IpAddr,
    /// Bits of the address that count.
    bits: u8,
    /// `None`: any.
    port: Option<u16>,
}

/// What is no gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an address (10.1.2.3, fd00::1), one with a port (10.1.2.3:3128, [fd00::1]:3128) or a network (10.1.2.0/24): \
     agents tell addresses of proxies, and no names"
)]
pub struct NoGate;

impl Gate {
    /// Whether this proxy is one of them.
    pub fn has(&self, proxy: SocketAddr) -> bool {
        // A proxy that listens on both families is met as ::ffff:10.1.2.3, too.
        let address = proxy.ip().to_canonical();
        self.port.is_none_or(|port| port == proxy.port())
            && match (self.address, address) {
                (IpAddr::V4(own), IpAddr::V4(other)) => same(
                    u128::from(own.to_bits()),
                    u128::from(other.to_bits()),
                    32 - self.bits,
                ),
                (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128 - self.bits),
                _ => false,
            }
    }

    const fn all(address: IpAddr) -> u8 {
        match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }
}

/// Whether the two are the same but for the last bits.
fn same(one: u128, other: u128, last: u8) -> bool {
    (one ^ other).checked_shr(u32::from(last)).unwrap_or_default() == 0
}

impl FromStr for Gate {
    type Err = NoGate;

    fn from_str(text: &str) -> Result<Self, NoGate> {
        if let Ok(proxy) = text.parse::<SocketAddr>() {
            let address = proxy.ip().to_canonical();
            return Ok(Self {
                address,
                bits: Self::all(address),
                port: Some(proxy.port()),
            });
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| NoGate)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoGate)?;
        let bits = bits.unwrap_or(Self::all(address));
        if bits > Self::all(address) {
            return Err(NoGate);
        }
        Ok(Self {
            address,
            bits,
            port: None,
        })
    }
}

impl TryFrom<String> for Gate {
    type Error = NoGate;

    fn try_from(text: String) -> Result<Self, NoGate> {
        text.parse()
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        gate.to_string()
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => SocketAddr::new(self.address, port).fmt(formatter),
            None if self.bits == Self::all(self.address) => self.address.fmt(formatter),
            None => write!(formatter, "{}/{}", self.address, self.bits),
        }
    }
}

#[cfg(test)]
mod tests;
