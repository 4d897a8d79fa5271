//! What a scenario caused: the truth.

use std::net::SocketAddr;

use crate::clients::Tool;
use crate::truth::{Bytes, Connection, Protocol};

/// A flow, as the harness and the server know it.
#[derive(Clone, Debug)]
pub struct Caused {
    /// Name that was asked for.
    pub name: &'static str,
    /// Whose it is.
    pub vendor: &'static str,
    /// Over what.
    pub protocol: Protocol,
    /// Where the flow goes: the server, or the first proxy.
    pub to: SocketAddr,
    /// Who made it.
    pub caller: Caller,
    /// What it carried.
    pub bytes: Span,
}

/// Who makes a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The file that the kernel runs.
    pub exe: String,
    /// What a person would say runs.
    pub program: String,
    /// User, in the host's first user namespace.
    pub uid: u32,
    /// Where it runs.
    pub place: Place,
}

/// Where a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the host, in no unit.
    Host,
    /// In a systemd unit.
    Unit(String),
    /// In a container, by its id.
    Container(String),
}

/// Least and most bytes that are right; the same when the server's count is the flow's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// At least.
    pub least: Bytes,
    /// At most.
    pub most: Bytes,
}

impl Caller {
    /// Root on the host, by a client.
    pub fn of(tool: &Tool) -> Self {
        Self {
            exe: tool.exe.to_string_lossy().into_owned(),
            program: tool.program.clone(),
            uid: 0,
            place: Place::Host,
        }
    }

    /// The same of another user.
    #[must_use]
    pub fn by(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }

    /// The same elsewhere.
    #[must_use]
    pub fn within(mut self, place: Place) -> Self {
        self.place = place;
        self
    }
}

impl Span {
    /// What the server counted of a connection that ends with it.
    pub fn of(connection: &Connection) -> Self {
        let counted: Bytes = [connection].into_iter().collect();
        let unheard = connection.unheard();
        // Over UDP the server itself does not count the last any more.
        let uncounted = match connection.protocol {
            Protocol::Tcp => 0,
            Protocol::Udp => unheard,
        };
        let with = |r#in| Bytes { r#in, ..counted };
        Self {
            least: with(counted.r#in.saturating_sub(unheard)),
            most: with(counted.r#in + uncounted),
        }
    }

    /// The same with up to so many bytes more each way, that a client and its proxy talk about.
    #[must_use]
    pub fn and_up_to(mut self, more: u64) -> Self {
        self.most.out += more;
        self.most.r#in += more;
        self
    }

    /// The same, give or take so many bytes each way, as where a proxy rewrites what it passes on.
    #[must_use]
    pub fn give_or_take(mut self, bytes: u64) -> Self {
        self.least.out = self.least.out.saturating_sub(bytes);
        self.least.r#in = self.least.r#in.saturating_sub(bytes);
        self.and_up_to(bytes)
    }

    /// Whether these are right.
    pub fn holds(&self, bytes: Bytes) -> bool {
        let Self { least, most } = self;
        (least.out..=most.out).contains(&bytes.out) && (least.r#in..=most.r#in).contains(&bytes.r#in)
    }
}
