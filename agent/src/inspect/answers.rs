//! What the DNS told the clients of a capture, for the flows that do not say themselves where they go.

mod stream;
#[cfg(test)]
mod tests;
mod told;

use std::net::{IpAddr, SocketAddr};

use super::packet::{Datagram, Payload, Segment};
use crate::names::{
    answers::{Answers, Asker, EchVerdict, Others},
    dns::Response,
    host::HostName,
};
use stream::Streams;
use told::Front;
pub(super) use told::Told;

/// Port of the servers that are listened to. Multicast DNS has another one, and other rules.
const DNS: u16 = 53;

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

    /// What is known at `seconds` of a flow between `ends` that begins.
    pub(super) fn told(&self, ends: [SocketAddr; 2], seconds: u64) -> Told {
        let [one, other] = ends.map(|end| end.ip());
        Told {
            names: [self.name(one, other, seconds), self.name(other, one, seconds)],
            ..Told::default()
        }
    }

    /// Notes in `told` what the front `outer` stands for, which a client shows to a server in encrypted client hello.
    pub(super) fn judge(
        &self,
        told: &mut Told,
        outer: &HostName,
        [client, server]: [SocketAddr; 2],
        seconds: u64,
    ) {
        if told.front != Front::Unseen {
            return;
        }
        let (client, others) = (client.ip().to_canonical(), Others::default());
        let verdict = self
            .answers
            .judge_ech(&client, server.ip(), Some(outer), ns(seconds), others);
        told.front = match verdict {
            EchVerdict::Real(found) => Front::Of(found.wanted.clone()),
            EchVerdict::Grease | EchVerdict::Unknown => Front::Uncertain,
        };
    }

    /// The name for which `client` was given the address `server`, if it was for one name only.
    fn name(&self, client: IpAddr, server: IpAddr, seconds: u64) -> Option<HostName> {
        let found = self
            .answers
            .who(&client.to_canonical(), server, ns(seconds), Others::default())?;
        Some(found.wanted.clone())
    }

    fn teach(&mut self, client: SocketAddr, response: &Response, seconds: u64) {
        let asker = Asker {
            key: client.ip().to_canonical(),
            is_resolver: false,
        };
        self.answers
            .learn_response(&asker, response, Some(&response.question), ns(seconds));
    }
}

fn ns(seconds: u64) -> u64 {
    seconds.saturating_mul(1_000_000_000)
}
