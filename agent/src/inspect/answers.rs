//! What the DNS told the clients of a capture, for the flows that do not say themselves where they go.

mod stream;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use super::packet::{Datagram, Payload, Segment};
use crate::names::{
    answers::{Answers, Asker, EchVerdict, Others},
    dns::Response,
    host::HostName,
};
use stream::Streams;

/// Port of the servers that are listened to. Multicast DNS has another one, and other rules.
const DNS: u16 = 53;
const NS_IN_SECOND: u64 = 1_000_000_000;

/// Answers by the address of the client that they went to. All names are wanted, and each counts for itself.
#[derive(Default)]
pub(super) struct ClientAnswers {
    answers: Answers<IpAddr, HostName>,
    streams: Streams,
}

impl ClientAnswers {
    /// Learns what a server of the DNS says in `payload`, captured at `seconds`.
    pub(super) fn learn(&mut self, payload: &Payload<'_>, seconds: u64) {
        match payload {
            Payload::Udp(Datagram { from, to, data }) if from.port() == DNS => {
                if let Ok(Some(response)) = Response::read(data) {
                    self.teach(*to, &response, seconds);
                }
            }
            Payload::Tcp(segment @ Segment { from, to, .. }) if from.port() == DNS => {
                for response in self.streams.take(segment) {
                    self.teach(*to, &response, seconds);
                }
            }
            _ => {}
        }
    }

    /// The name for which `client` was given the address `server`, if it was for one name only.
    pub(super) fn name(&self, client: IpAddr, server: IpAddr, seconds: u64) -> Option<HostName> {
        let now_ns = seconds.saturating_mul(NS_IN_SECOND);
        let found = self.answers.who(&client, server, now_ns, Others::default())?;
        Some(found.wanted.clone())
    }

    /// The name that the front `outer` stands for in a hello of `client` to `server` with encrypted client hello.
    pub(super) fn behind(
        &self,
        client: IpAddr,
        server: IpAddr,
        outer: &HostName,
        seconds: u64,
    ) -> Option<HostName> {
        let now_ns = seconds.saturating_mul(NS_IN_SECOND);
        match self
            .answers
            .judge_ech(&client, server, Some(outer), now_ns, Others::default())
        {
            EchVerdict::Real(found) => Some(found.wanted.clone()),
            EchVerdict::Grease | EchVerdict::Unknown => None,
        }
    }

    fn teach(&mut self, client: SocketAddr, response: &Response, seconds: u64) {
        let asker = Asker {
            key: client.ip().to_canonical(),
            is_resolver: false,
        };
        let now_ns = seconds.saturating_mul(NS_IN_SECOND);
        self.answers
            .learn_response(&asker, response, Some(&response.question), now_ns);
    }
}
