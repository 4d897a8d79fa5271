//! The host in the head of an HTTP/1 request (RFC 9112): the target's of `CONNECT` and of a request in absolute form,
//! else that of `Host`.

use umbra_agent_common::{target, trie::NAME_MAX};

use crate::{
    address::{LITERAL_MAX, Literal},
    blurred::Blurred,
    nameless::Nameless,
    packet::Packet,
};

/// Bytes of a head that are read here. `Host` is among the first fields of every client in use; a head that is longer
/// before it goes up to the agent.
const TEXT_MAX: usize = 512;
/// End of a head.
pub const END_OF_HEAD: u32 = u32::from_be_bytes(*b"\r\n\r\n");
/// Longest method: the registry's longest is `UPDATEREDIRECTREF`.
const METHOD_MAX: u32 = 20;
/// Spaces that may stand before the host (RFC 9112, section 5).
const SPACES_MAX: u32 = 8;

/// Bytes that a host may have: letters, digits, `-`, `.` and `_`. A table, because the verifier follows each comparison
/// to the end.
static OF_A_HOST: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'.' | b'_');
        byte += 1;
    }
    table
};

/// The beginning of a head.
pub struct Text {
    /// With a zero byte behind what is there.
    bytes: [u8; 2 * TEXT_MAX],
    /// How much is in the packet.
    length: Blurred,
    at: Blurred,
    /// A [`Form`].
    form: Blurred,
    /// Sum of the target's bytes.
    sum: Blurred,
    /// The last bytes that were looked at.
    window: [Blurred; 2],
    /// An IPv6 address.
    literal: Literal,
}

/// How the target is written.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Form {
    /// A path: the host stands in `Host`.
    Origin,
    /// A whole address: the request goes to a proxy.
    Absolute,
    /// Host and port: a proxy is asked for a tunnel.
    Connect,
}

const ORIGIN: u32 = Form::Origin as u32;
const ABSOLUTE: u32 = Form::Absolute as u32;

impl Text {
    /// Reads the request whose first byte lies at `from` and whose last before `end`; writes its host to `name` and
    /// gives its form and the name's length, which is 0 when the host is no name and no address that could be read.
    #[inline(always)]
    pub fn read(
        &mut self,
        packet: Packet,
        from: u32,
        end: u32,
        name: &mut [u8; NAME_MAX + 3],
    ) -> Result<(Form, u32), Nameless> {
        if end <= from {
            return Err(Nameless::NoName);
        }
        let there = end - from;
        let length = if there > TEXT_MAX as u32 {
            TEXT_MAX as u32
        } else {
            there
        };
        let (text, _) = self
            .bytes
            .split_first_chunk_mut::<TEXT_MAX>()
            .ok_or(Nameless::NoName)?;
        packet.load(from, text, length).ok_or(Nameless::NoName)?;
        self.bytes[length as usize & (2 * TEXT_MAX - 1)] = 0;
        self.length.set(there);
        self.at.set(0);
        let form = self.request_line()?;
        self.form.set(form as u32);
        if form == Form::Origin {
            self.host_field()?;
        }
        self.host(name)?;
        // By way of memory: each form and length would be a path of its own for the verifier.
        let form = match self.form.get() {
            ORIGIN => Form::Origin,
            ABSOLUTE => Form::Absolute,
            _ => Form::Connect,
        };
        Ok((form, self.at.get()))
    }

    /// Whether a head ends in what was read, and something stands behind it.
    #[inline(always)]
    pub fn goes_on(&mut self) -> bool {
        self.at.set(0);
        self.window[1].set(0);
        for _ in 0..TEXT_MAX {
            let window = (self.window[1].get() << 8) | u32::from(self.step());
            self.window[1].set(window);
            if window == END_OF_HEAD || window & 0xffff == 0x0a0a {
                return self.at.get() < self.length.get();
            }
            if window & 0xff == 0 {
                return false;
            }
        }
        false
    }

    /// Tells the target of the request that was read from others. Not 0.
    #[inline(always)]
    pub fn target(&self) -> u32 {
        target::number(self.sum.get())
    }

    /// Checks the request line and goes to the host in its target, or behind the line.
    #[inline(always)]
    fn request_line(&mut self) -> Result<Form, Nameless> {
        for _ in 0..METHOD_MAX {
            let byte = self.next()?;
            if byte == b' ' {
                break;
            }
            if !(byte.is_ascii_uppercase() || byte == b'-') {
                return Err(Nameless::NoName);
            }
        }
        let target = self.at.get();
        if target == 0 || self.byte(target - 1) != b' ' {
            return Err(Nameless::NoName);
        }
        self.sum.set(target::BEGIN);
        // One branch a turn: the verifier keeps each in mind until it has followed it.
        for _ in 0..TEXT_MAX {
            let byte = self.step();
            if byte <= b' ' {
                break;
            }
            self.sum.set(target::add(self.sum.get(), byte));
        }
        match self.byte(self.at.get() - 1) {
            b' ' => {}
            0 => return Err(Nameless::Split),
            // A line that ends without a version is no request.
            _ => return Err(Nameless::NoName),
        }
        let version = self.at.get();
        if self.next()? != b'H' || self.next()? != b'T' || self.next()? != b'T' || self.next()? != b'P' {
            return Err(Nameless::NoName);
        }
        // By what is looked at before a loop, the verifier would follow the loop again for each case.
        if target == 8 && self.byte(0) == b'C' && self.byte(3) == b'N' && self.byte(6) == b'T' {
            self.at.set(target);
            return Ok(Form::Connect);
        }
        // `http://`: nothing else that begins with a letter is a target.
        if self.byte(target) | 0x20 == b'h'
            && target + 7 < version
            && self.byte(target + 4) == b':'
            && self.byte(target + 6) == b'/'
        {
            self.at.set(target + 7);
            return Ok(Form::Absolute);
        }
        Ok(Form::Origin)
    }

    /// Goes behind the colon of `Host`.
    #[inline(always)]
    fn host_field(&mut self) -> Result<(), Nameless> {
        self.window[0].set(0);
        self.window[1].set(0);
        for _ in 0..TEXT_MAX {
            let byte = u32::from(self.step());
            let older = (self.window[0].get() << 8) | (self.window[1].get() >> 24);
            let newer = (self.window[1].get() << 8) | byte;
            self.window[0].set(older);
            self.window[1].set(newer);
            // Without the bit that tells the cases apart.
            if (newer & 0xdfdf_dfff) ^ u32::from_be_bytes(*b"OST:") | (older & 0xffdf) ^ 0x0a48 == 0 {
                return Ok(());
            }
            // The head is over. Lines may end without a carriage return (RFC 9112, section 2.2).
            if newer & 0xff_ffff == 0x0a_0d0a || newer & 0xffff == 0x0a0a {
                return Err(Nameless::NoName);
            }
            if byte == 0 {
                return Err(Nameless::Split);
            }
        }
        Err(Nameless::Split)
    }

    /// Copies the host, without its port; its length is then where the place in the head was.
    #[inline(always)]
    fn host(&mut self, name: &mut [u8; NAME_MAX + 3]) -> Result<(), Nameless> {
        for _ in 0..SPACES_MAX {
            let at = self.at.get();
            if !matches!(self.byte(at), b' ' | b'\t') {
                break;
            }
            self.at.set(at + 1);
        }
        for index in 0..=NAME_MAX as u32 {
            let byte = self.step();
            if byte == b'[' && index == 0 {
                return self.address(name);
            }
            if !OF_A_HOST[byte as usize] {
                self.at.set(index);
                return match byte {
                    0 => Err(Nameless::Split),
                    b':' | b'/' | b'?' | b'\r' | b'\n' | b' ' | b'\t' if index > 0 => Ok(()),
                    _ => Err(Nameless::NoName),
                };
            }
            name[(index & 0xff) as usize] = byte;
        }
        Err(Nameless::NoName)
    }

    /// Reads an IPv6 address behind its bracket (RFC 3986, section 3.2.2) and writes it as a name.
    #[inline(always)]
    fn address(&mut self, name: &mut [u8; NAME_MAX + 3]) -> Result<(), Nameless> {
        self.literal.begin();
        for _ in 0..LITERAL_MAX {
            let byte = self.step();
            if byte == 0 {
                return Err(Nameless::Split);
            }
            if !self.literal.step(byte) {
                break;
            }
        }
        self.at.set(self.literal.end(name));
        Ok(())
    }

    /// The next byte, which has to be there.
    #[inline(always)]
    fn next(&mut self) -> Result<u8, Nameless> {
        match self.step() {
            0 => Err(Nameless::Split),
            byte => Ok(byte),
        }
    }

    /// The next byte; 0 behind the last.
    #[inline(always)]
    fn step(&mut self) -> u8 {
        let at = self.at.get();
        self.at.set(at + 1);
        self.byte(at)
    }

    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        self.bytes[at as usize & (2 * TEXT_MAX - 1)]
    }
}
