//! The two ends of a flow, as the table and the agent write them.

use std::net::{IpAddr, SocketAddr};

/// From the client; the table may not know where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    from: SocketAddr,
    to: Option<SocketAddr>,
}

impl Ends {
    /// Understands `src:port>dst:port` and `src:port>?`, IPv6 with or without brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('>')?;
        Some(Self {
            from: end(from)?,
            to: if to == "?" { None } else { Some(end(to)?) },
        })
    }

    /// Whether `printed` is this flow. A capture that begins in the middle does not tell which end is the client, so
    /// both directions will do.
    pub(super) fn are(self, printed: Self) -> bool {
        let is = |from, to| from == self.from && (self.to.is_none() || self.to == to);
        is(printed.from, printed.to) || printed.to.is_some_and(|to| is(to, Some(printed.from)))
    }
}

/// Not the standard library's parser, which wants brackets around IPv6.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.rsplit_once(':')?;
    let address = address
        .strip_prefix('[')
        .and_then(|it| it.strip_suffix(']'))
        .unwrap_or(address);
    let address: IpAddr = address.parse().ok()?;
    Some(SocketAddr::new(address, port.parse().ok()?))
}
