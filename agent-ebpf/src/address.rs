//! An address as a name of the catalogue: [`ADDRESS`] and its bytes in hexadecimal, which is simpler to write than the
//! form that people read.

use umbra_agent_common::trie::{ADDRESS, NAME_MAX};

use crate::{blurred::Blurred, packet::Packet, preamble::CHUNK, work::Work};

/// Bytes of an IPv6 address.
const LONGEST: u32 = 16;
/// Numbers of two bytes in it, and the digits of each.
const GROUPS: u32 = 8;
const DIGITS: u32 = 4;
/// Longest text of one, with the bracket behind it.
pub const LITERAL_MAX: u32 = GROUPS * (DIGITS + 1);

static HEXADECIMAL: [u8; 16] = *b"0123456789abcdef";
/// What the characters of such a text are worth.
static WORTH: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut digit = 0;
    while digit < HEXADECIMAL.len() {
        let character = HEXADECIMAL[digit];
        table[character as usize] = digit as u8;
        table[character.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    table[b':' as usize] = COLON;
    table[b']' as usize] = BRACKET;
    table
};
const COLON: u8 = 16;
const BRACKET: u8 = 17;
const OTHER: u8 = 18;

/// Writes the address of `length` bytes that lies at `at` of the packet into the record; gives the name's length.
#[inline(always)]
pub fn write(packet: Packet, at: u32, length: u32, work: &mut Work) -> Option<u32> {
    packet.load(at, &mut work.chunk, length)?;
    for index in 0..LONGEST {
        if index >= length {
            break;
        }
        let byte = u32::from(work.chunk[index as usize & (CHUNK - 1)]);
        digit(&mut work.record.name, 2 * index, byte >> 4);
        digit(&mut work.record.name, 2 * index + 1, byte);
    }
    work.record.name[0] = ADDRESS;
    Some(1 + 2 * length)
}

/// Writes the lowest four bits of `value` as the digit number `index`.
#[inline(always)]
fn digit(name: &mut [u8; NAME_MAX + 3], index: u32, value: u32) {
    name[(1 + index) as usize & 0xff] = HEXADECIMAL[value as usize & 0xf];
}

/// The text of an IPv6 address that is being read (RFC 4291, section 2.2). With a zone or an IPv4 address in it, it is
/// none here.
pub struct Literal {
    /// The numbers in it.
    groups: [Blurred; GROUPS as usize],
    /// How many there are.
    count: Blurred,
    /// How many stand before `::`; [`GROUPS`]: there is none.
    gap: Blurred,
    /// The number that is being read, and how many digits it has.
    group: Blurred,
    digits: Blurred,
    /// 1 once it has ended as it should.
    whole: Blurred,
}

impl Literal {
    /// Begins anew.
    #[inline(always)]
    pub fn begin(&mut self) {
        self.count.set(0);
        self.gap.set(GROUPS);
        self.group.set(0);
        self.digits.set(0);
        self.whole.set(0);
    }

    /// Takes a character; false when it is the last, or none of an address.
    #[inline(always)]
    pub fn step(&mut self, character: u8) -> bool {
        let worth = WORTH[character as usize];
        if worth < COLON {
            self.group.set(self.group.get() << 4 | u32::from(worth));
            self.digits.set(self.digits.get() + 1);
            return true;
        }
        if worth == OTHER || !self.end_group(worth == COLON) {
            return false;
        }
        self.whole.set(u32::from(worth == BRACKET));
        worth == COLON
    }

    /// A number is over, or there is none between two colons; false when that cannot be.
    #[inline(always)]
    fn end_group(&mut self, by_colon: bool) -> bool {
        let (count, digits) = (self.count.get(), self.digits.get());
        if digits == 0 {
            if by_colon {
                self.gap.set(count);
            }
            return true;
        }
        if digits > DIGITS || count >= GROUPS {
            return false;
        }
        self.groups[(count & (GROUPS - 1)) as usize].set(self.group.get());
        self.count.set(count + 1);
        self.group.set(0);
        self.digits.set(0);
        true
    }

    /// Writes the address as a name, zeros in place of `::`; gives the name's length, or 0 when it was none.
    #[inline(always)]
    pub fn end(&mut self, name: &mut [u8; NAME_MAX + 3]) -> u32 {
        let (count, gap) = (self.count.get(), self.gap.get());
        if self.whole.get() == 0 || (count == GROUPS) != (gap == GROUPS) {
            return 0;
        }
        let zeros = GROUPS - count;
        for index in 0..GROUPS * DIGITS {
            let place = index / DIGITS;
            self.group.set(0);
            if place < gap {
                self.group.set(self.groups[place as usize].get());
            } else if place >= gap + zeros {
                let place = (place - zeros) & (GROUPS - 1);
                self.group.set(self.groups[place as usize].get());
            }
            digit(
                name,
                index,
                self.group.get() >> (4 * (DIGITS - 1 - index % DIGITS)),
            );
        }
        name[0] = ADDRESS;
        1 + GROUPS * DIGITS
    }
}
