//! SOCKS 5 (RFC 1928), with a user's name and password (RFC 1929) or without. A client that authenticates by GSSAPI
//! (RFC 1961) wraps its request in tokens, and other methods are not public: those cannot be followed.

use std::net::IpAddr;

use super::Request;
use crate::names::target::Target;

const VERSION: u8 = 5;
/// Version of the negotiation by user and password, and of the one by GSSAPI.
const NEGOTIATION: u8 = 1;
/// Methods of authentication (RFC 1928, section 3).
const GSSAPI: u8 = 1;
const PASSWORD: u8 = 2;
const CONNECT: u8 = 1;
/// Types of addresses (section 5).
pub(super) const IPV4: u8 = 1;
pub(super) const NAME: u8 = 3;
pub(super) const IPV6: u8 = 4;

/// A conversation so far.
#[derive(Debug, Default)]
pub struct Reader {
    at: At,
    offers_gssapi: bool,
    offers_password: bool,
    /// Type of the address, and what there is of it: a name, or 4 or 16 bytes.
    kind: u8,
    address: Vec<u8>,
}

/// The numbers say how many bytes of it are to come.
#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Version,
    MethodCount,
    Methods(u8),
    /// What follows the methods: a negotiation, or a request when none was wanted.
    Chosen,
    UserLength,
    /// The only byte of a user's name, or the first of the length of a token.
    UserOrToken,
    User(u8),
    PasswordLength,
    Password(u8),
    /// What follows a negotiation.
    Allowed,
    Command,
    Reserved,
    AddressType,
    NameLength,
    Address(u8),
    Port(u8),
}

impl Reader {
    #[expect(clippy::match_same_arms, reason = "the arms are in the order of the stream")]
    pub(super) fn take(&mut self, byte: u8) -> Option<Request> {
        self.at = match (self.at, byte) {
            (At::Version, VERSION) => At::MethodCount,
            (At::MethodCount, 1..) => At::Methods(byte),
            (At::Methods(left), _) => {
                self.offers_gssapi |= byte == GSSAPI;
                self.offers_password |= byte == PASSWORD;
                if left > 1 {
                    At::Methods(left - 1)
                } else {
                    At::Chosen
                }
            }
            (At::Chosen | At::Allowed, VERSION) => At::Command,
            (At::Chosen, NEGOTIATION) if self.offers_password => At::UserLength,
            // GSSAPI's version is followed by the type of a token, which is 1 as well (RFC 1961, section 3.4).
            (At::UserLength, 1) if self.offers_gssapi => At::UserOrToken,
            (At::UserLength, 1..) => At::User(byte),
            (At::UserLength, 0) => At::PasswordLength,
            // Tokens are shorter than 8 KiB, so their length begins with what is no letter.
            (At::UserOrToken, b' '..) => At::PasswordLength,
            (At::User(left), _) if left > 1 => At::User(left - 1),
            (At::User(_), _) => At::PasswordLength,
            (At::PasswordLength, 1..) => At::Password(byte),
            (At::PasswordLength, 0) => At::Allowed,
            (At::Password(left), _) if left > 1 => At::Password(left - 1),
            (At::Password(_), _) => At::Allowed,
            (At::Command, CONNECT) => At::Reserved,
            // Must be zero, and some clients send something else.
            (At::Reserved, _) => At::AddressType,
            (At::AddressType, IPV4 | IPV6 | NAME) => {
                self.kind = byte;
                match byte {
                    IPV4 => At::Address(4),
                    IPV6 => At::Address(16),
                    _ => At::NameLength,
                }
            }
            (At::NameLength, 1..) => At::Address(byte),
            (At::Address(left), _) => {
                self.address.push(byte);
                if left > 1 {
                    At::Address(left - 1)
                } else {
                    At::Port(2)
                }
            }
            (At::Port(left), _) if left > 1 => At::Port(left - 1),
            (At::Port(_), _) => return Some(Request::Tunnel(self.target())),
            _ => return Some(Request::Unread),
        };
        None
    }

    pub(super) fn held(&self) -> usize {
        self.address.capacity()
    }

    fn target(&self) -> Target {
        let address = match self.kind {
            IPV4 => <[u8; 4]>::try_from(&self.address[..]).ok().map(IpAddr::from),
            IPV6 => <[u8; 16]>::try_from(&self.address[..]).ok().map(IpAddr::from),
            _ => None,
        };
        address.map_or_else(|| Target::read(&self.address), Target::Address)
    }
}
