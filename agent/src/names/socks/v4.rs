//! SOCKS 4 (<https://www.openssh.org/txt/socks4.protocol>) and 4a (<https://www.openssh.org/txt/socks4a.protocol>):
//! version, command, port, address, a user's name and NUL. In 4a the address 0.0.0.x stands for a host's name, which
//! follows with a NUL of its own.

use std::net::Ipv4Addr;

use super::Request;
use crate::names::target::Target;

const CONNECT: u8 = 1;
/// Longest name of a user that is passed over.
const LONGEST_USER: usize = 512;
/// Longest name of a host with its trailing dot, and one more to tell that it is longer.
const LONGEST_NAME: usize = 255;

/// A request so far.
#[derive(Debug, Default)]
pub struct Reader {
    at: At,
    /// Port and address.
    destination: [u8; 6],
    name: Vec<u8>,
}

/// The numbers say how many bytes of it there were.
#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Version,
    Command,
    Destination(usize),
    User(usize),
    Name,
}

impl Reader {
    pub(super) fn take(&mut self, byte: u8) -> Option<Request> {
        self.at = match (self.at, byte) {
            (At::Version, 4) => At::Command,
            (At::Command, CONNECT) => At::Destination(0),
            (At::Destination(at), _) => {
                self.destination[at] = byte;
                if at + 1 < self.destination.len() {
                    At::Destination(at + 1)
                } else if self.is_likely() {
                    At::User(0)
                } else {
                    return Some(Request::Unread);
                }
            }
            (At::User(_), 0) if self.has_name() => At::Name,
            (At::User(_), 0) => return Some(Request::Tunnel(Target::Address(self.address().into()))),
            (At::User(length), _) if length < LONGEST_USER && !byte.is_ascii_control() => {
                At::User(length + 1)
            }
            (At::Name, 0) if !self.name.is_empty() => return Some(Request::Tunnel(Target::read(&self.name))),
            (At::Name, _) if self.name.len() < LONGEST_NAME && !byte.is_ascii_control() => {
                self.name.push(byte);
                At::Name
            }
            _ => return Some(Request::Unread),
        };
        None
    }

    pub(super) fn held(&self) -> usize {
        self.name.capacity()
    }

    fn address(&self) -> Ipv4Addr {
        let [_, _, a, b, c, d] = self.destination;
        Ipv4Addr::new(a, b, c, d)
    }

    /// Whether the address stands for a name.
    fn has_name(&self) -> bool {
        matches!(self.destination, [_, _, 0, 0, 0, last] if last != 0)
    }

    /// Other protocols begin with 4 and 1 as well. What nobody connects to is none of SOCKS.
    fn is_likely(&self) -> bool {
        let [high, low, first, ..] = self.destination;
        [high, low] != [0, 0] && (self.has_name() || (1..224).contains(&first))
    }
}
