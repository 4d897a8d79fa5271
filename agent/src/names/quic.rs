//! The name in the hello of a QUIC connection, from what its client sends.
//!
//! The hello is in Initials, the packets that a connection begins with, which are sealed with keys that everyone can
//! make (RFC 9001, section 5.2). It is cut into CRYPTO frames in any order, and may need several datagrams. Keys are
//! made from the connection ID that the client made up for the server. After a Retry the client uses the ID in that,
//! makes keys again and says its hello again (RFC 9000, section 17.2.5); otherwise keys stay when the ID changes. The
//! server's packets are not seen here, so keys that are known are tried first, and then those from the packet's ID.
//!
//! Versions 1 and 2, their drafts from 22 on, and Meta's variants are read; Google's own (T051, Q050 and before) are not.

mod flight;
mod frames;
mod keys;
#[cfg(test)]
pub(crate) mod made;
mod packet;
#[cfg(test)]
mod tests;
mod version;

use super::tls::{Answer, Hello};
use flight::Flight;
use packet::{Initial, Initials};
use version::Kind;

/// Datagrams that are looked at before it is decided. Hellos with post-quantum key shares need two or three.
const MOST_DATAGRAMS: u32 = 64;
/// Initials in a datagram that are looked at.
const MOST_IN_DATAGRAM: usize = 8;
/// Initials that cannot be opened, when none could, before it is decided that they are not a client's.
const MOST_SEALED: u32 = 8;
/// Flights that are kept; a Retry or another version begins one. When there are more, the first is dropped.
const MOST_FLIGHTS: usize = 4;
/// Bytes that are held for a hello that is not whole.
const MOST_HELD: usize = 512 * 1024;

/// Whether a datagram begins with an Initial of a known version, of a client or of a server: its header is a long one
/// with that version and that type. Tells what [`InitialReader`] is worth asking about, from the first five bytes.
pub fn is_initial(datagram: &[u8]) -> bool {
    matches!(packet::begin(datagram), Some((_, Kind::Initial)))
}

/// Reads the datagrams of a client until they tell the hello.
///
/// [`Answer::NoHello`] says that these are not Initials of a client: none of several could be opened.
/// [`Answer::Malformed`] says that the hello breaks the rules of its form, or the limits of this reader. Single packets
/// that cannot be opened, or have in them what may not be there, are passed over.
#[derive(Default)]
pub struct InitialReader {
    answer: Answer,
    flights: Vec<Flight>,
    datagrams: u32,
    sealed: u32,
    /// What was known when a limit was met.
    part: Option<Hello>,
}

impl InitialReader {
    /// Takes the next datagram. After an answer has been found, it stands, whatever comes, and nothing is held.
    pub fn push(&mut self, datagram: &[u8]) -> &Answer {
        if self.answer == Answer::NeedMore {
            self.answer = self.read(datagram);
        }
        if self.answer != Answer::NeedMore {
            self.flights = Vec::new();
        }
        &self.answer
    }

    /// The answer to what has been pushed.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// What the part of a hello says whose rest is missing, when its name is in that part, whole. Whether it has
    /// encrypted client hello is then not known unless that was in the part as well. Also when a limit of this reader
    /// kept it from reading on.
    pub fn part(&self) -> Option<Hello> {
        let begun = self.flights.iter().find_map(Flight::part);
        begun.or_else(|| self.part.clone())
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        let own = self.flights.capacity() * size_of::<Flight>();
        own + self.flights.iter().map(Flight::held).sum::<usize>()
    }

    fn read(&mut self, datagram: &[u8]) -> Answer {
        for packet in Initials(datagram).take(MOST_IN_DATAGRAM) {
            let answer = self.read_packet(&packet);
            if answer != Answer::NeedMore {
                return answer;
            }
        }
        self.datagrams += 1;
        let over = self.datagrams == MOST_DATAGRAMS;
        match self.flights[..] {
            [] if over || self.sealed >= MOST_SEALED => Answer::NoHello,
            [_, ..] if over || self.held() > MOST_HELD => {
                self.part = self.part();
                Answer::Malformed
            }
            _ => Answer::NeedMore,
        }
    }

    fn read_packet(&mut self, packet: &Initial<'_>) -> Answer {
        for flight in self.flights.iter_mut().rev() {
            if let Some(opened) = flight.open(packet) {
                return flight.take(&opened);
            }
        }
        let Some((mut flight, opened)) = Flight::begin(packet) else {
            self.sealed += 1;
            return Answer::NeedMore;
        };
        let answer = flight.take(&opened);
        if self.flights.len() == MOST_FLIGHTS {
            self.flights.remove(0);
        }
        self.flights.push(flight);
        answer
    }
}
