//! What two UDP sockets send each other, and what the hello of a QUIC connection among it says.

use std::net::SocketAddr;

use super::{answers::Told, line::Line, packet::Datagram, stream::Found};
use crate::names::{client::DatagramReader, host::HostName};

/// A UDP flow. Its two ends are numbered; a reader has the number of the end that sends to it.
pub(super) struct Association {
    ends: [SocketAddr; 2],
    readers: [DatagramReader; 2],
    /// The end that said hello, and what it asked for.
    found: Option<(usize, Found)>,
}

impl Association {
    /// The flow that `datagram` is the first of.
    pub(super) fn new(datagram: &Datagram<'_>) -> Self {
        Self {
            ends: [datagram.from, datagram.to],
            readers: Default::default(),
            found: None,
        }
    }

    /// Takes the next datagram of this flow. It may have several connections: the first name stands.
    pub(super) fn take(&mut self, datagram: &Datagram<'_>) {
        if self.is_named() || !DatagramReader::may_read(datagram.data) {
            return;
        }
        let from = usize::from(datagram.from != self.ends[0]);
        let reader = &mut self.readers[from];
        reader.push(datagram.data);
        if reader.is_done() {
            // What follows is another connection.
            let reader = std::mem::take(reader);
            self.learn(from, &reader);
        }
    }

    /// Reads no more of the hellos that are not whole.
    pub(super) fn give_up(&mut self) {
        for from in 0..self.readers.len() {
            let reader = std::mem::take(&mut self.readers[from]);
            self.learn(from, &reader);
        }
    }

    /// Its ends, in the order in which they were seen to send.
    pub(super) fn ends(&self) -> [SocketAddr; 2] {
        self.ends
    }

    /// Bytes that it takes beside its own size.
    pub(super) fn held(&self) -> usize {
        self.readers.iter().map(DatagramReader::held).sum()
    }

    /// The client's end, and the name that it shows in encrypted client hello.
    pub(super) fn front(&self) -> Option<(usize, &HostName)> {
        let (client, found) = self.found.as_ref()?;
        Some((*client, found.front()?))
    }

    /// The flow as it is printed, nothing more being to come, with what the DNS told of it.
    pub(super) fn line(mut self, told: Told) -> Line {
        self.give_up();
        let client = self.found.as_ref().map_or(0, |&(from, _)| from);
        let found = told.add_to(self.found.map(|(_, found)| found), client);
        Line::new("udp", self.ends[client], self.ends[1 - client], found)
    }

    /// A proxy's answers say whom they come from as a client says where it goes, so that an address tells nothing.
    fn learn(&mut self, from: usize, reader: &DatagramReader) {
        let whole = reader.is_whole();
        if let Some(asked) = reader.asked()
            && (whole || asked.name.is_some())
            && !self.is_named()
        {
            self.found = Some((from, Found { asked, whole }));
            if self.is_named() {
                self.readers = Default::default();
            }
        }
    }

    fn is_named(&self) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|(_, found)| found.asked.name.is_some())
    }
}
