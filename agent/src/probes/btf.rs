//! Reads struct members' offsets from the kernel's type information (BTF).
//!
//! Format: <https://docs.kernel.org/bpf/btf.html>, version 1, in the machine's byte order. Only what an offset needs is
//! read: aya's reader keeps the members to itself, and the one library that shows them is under the LGPL.

use std::collections::HashMap;

const MAGIC: u16 = 0xeb9f;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
/// Anonymous members nest a few levels deep (`task_struct` under layout randomisation: two).
const NESTING_MAX: u32 = 8;

/// Why a file could not be read as BTF.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the kernel's type information is not readable as BTF: {0}")]
pub struct BadBtf(&'static str);

/// Type information, borrowed from the file's bytes.
pub(super) struct Btf<'a> {
    strings: &'a [u8],
    types: &'a [u8],
    /// Where type *id* begins in `types`; id 0 is `void`.
    starts: Vec<u32>,
    structs: HashMap<&'a [u8], u32>,
}

impl<'a> Btf<'a> {
    /// Indexes `bytes`; `wanted` are the names of the structs that [`Btf::offset`] will be asked for.
    pub(super) fn parse(bytes: &'a [u8], wanted: &[&str]) -> Result<Self, BadBtf> {
        let header = bytes.get(..24).ok_or(BadBtf("no header"))?;
        if header[..2] != MAGIC.to_ne_bytes() {
            return Err(BadBtf("wrong magic number"));
        }
        let body = word(header, 4)
            .and_then(|length| bytes.get(length as usize..))
            .ok_or(BadBtf("cut"))?;
        let section = |at| {
            let (start, length) = (word(header, at)? as usize, word(header, at + 4)? as usize);
            body.get(start..start.checked_add(length)?)
        };
        let types = section(8).ok_or(BadBtf("type section is cut"))?;
        let strings = section(16).ok_or(BadBtf("string section is cut"))?;
        let mut btf = Self {
            strings,
            types,
            starts: vec![0],
            structs: HashMap::new(),
        };
        btf.index(wanted)?;
        Ok(btf)
    }

    fn index(&mut self, wanted: &[&str]) -> Result<(), BadBtf> {
        let mut at = 0;
        while at < self.types.len() {
            let kind = Type::at(self.types, at).ok_or(BadBtf("type is cut"))?;
            if kind.kind == KIND_STRUCT {
                let name = self.string(kind.name);
                if wanted.iter().any(|wanted| wanted.as_bytes() == name) {
                    self.structs
                        .entry(name)
                        .or_insert(u32::try_from(self.starts.len()).unwrap_or(0));
                }
            }
            self.starts
                .push(u32::try_from(at).map_err(|_| BadBtf("too large"))?);
            at += 12 + kind.tail().ok_or(BadBtf("unknown kind of type"))?;
        }
        Ok(())
    }

    /// Byte offset of `member` in `struct name`, through anonymous structs and unions.
    pub(super) fn offset(&self, name: &str, member: &str) -> Option<u32> {
        let id = *self.structs.get(name.as_bytes())?;
        let bits = self.member(id, member.as_bytes(), 0)?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }

    fn member(&self, id: u32, wanted: &[u8], depth: u32) -> Option<u32> {
        let at = *self.starts.get(id as usize)? as usize;
        let kind = Type::at(self.types, at)?;
        if depth > NESTING_MAX || !matches!(kind.kind, KIND_STRUCT | KIND_UNION) {
            return None;
        }
        (0..kind.count as usize).find_map(|number| {
            let member = at + 12 + number * 12;
            let name = self.string(word(self.types, member)?);
            let offset = word(self.types, member + 8)?;
            // With bit fields about, the upper byte holds the field's width.
            let bits = if kind.flag { offset & 0x00ff_ffff } else { offset };
            if name == wanted {
                Some(bits)
            } else if name.is_empty() {
                Some(bits + self.member(word(self.types, member + 4)?, wanted, depth + 1)?)
            } else {
                None
            }
        })
    }

    fn string(&self, at: u32) -> &'a [u8] {
        let rest = self.strings.get(at as usize..).unwrap_or_default();
        rest.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// `struct btf_type`.
struct Type {
    name: u32,
    kind: u32,
    count: u32,
    flag: bool,
}

impl Type {
    fn at(types: &[u8], at: usize) -> Option<Self> {
        let info = word(types, at + 4)?;
        word(types, at + 8)?;
        Some(Self {
            name: word(types, at)?,
            kind: info >> 24 & 0x1f,
            count: info & 0xffff,
            flag: info >> 31 == 1,
        })
    }

    /// Bytes behind the 12 that every type has.
    fn tail(&self) -> Option<usize> {
        let count = self.count as usize;
        Some(match self.kind {
            // pointer, forward, typedef, volatile, const, restrict, function, float, type tag
            2 | 7 | 8 | 9 | 10 | 11 | 12 | 16 | 18 => 0,
            // integer, variable, declaration tag
            1 | 14 | 17 => 4,
            // array
            3 => 12,
            // structure, union, data section, 64-bit enumeration
            KIND_STRUCT | KIND_UNION | 15 | 19 => count * 12,
            // enumeration, function prototype
            6 | 13 => count * 8,
            _ => return None,
        })
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests;
