//! What can be wrong with a capture, and what to do about it.

use std::{io, path::PathBuf};

/// Why `inspect` did not read all of a file. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open the capture {}: {source}; check the path and your rights", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file can be opened, but not be read to its end.
    #[error("{}: {damage}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Where it ends to be readable.
        damage: Damage,
    },
    /// The output cannot be written.
    #[error("cannot write the flows: {0}; check where the output goes")]
    Write(io::Error),
}

/// What is wrong with a file's content. Packets are counted from 1, bytes from 0.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is neither pcap nor pcapng.
    #[error("not a capture: give a file in the form pcap or pcapng, uncompressed")]
    NotACapture,
    /// It ends within a packet or a block.
    #[error(
        "the capture ends early, at byte {byte} (whole packets before it: {packets}), and the flows up to there are \
         printed: copy it again, or stop the program that wrote it before you do"
    )]
    Truncated {
        /// Whole packets before.
        packets: u64,
        /// Where what is cut begins.
        byte: u64,
    },
    /// A block or a packet breaks the rules of the form.
    #[error(
        "the capture is damaged at byte {byte} (whole packets before it: {packets}), and the flows up to there are \
         printed: copy it again, or repair it with a tool such as pcapfix"
    )]
    Damaged {
        /// Whole packets before.
        packets: u64,
        /// Where the block begins.
        byte: u64,
    },
    /// The operating system gave an error.
    #[error(
        "cannot read on at byte {byte} (whole packets before it: {packets}): check that it is a file, and its disk"
    )]
    Unreadable {
        /// Whole packets before.
        packets: u64,
        /// Where.
        byte: u64,
    },
    /// Packets have a link layer that is not read.
    #[error(
        "packet {packet} and others have link type {link}, which is not read, and the flows in all other packets \
         are printed: capture on an interface of the kind Ethernet, PPP, IP, loopback or any"
    )]
    Link {
        /// `LINKTYPE_` number, as on <https://www.tcpdump.org/linktypes.html>.
        link: i32,
        /// The first of them.
        packet: u64,
    },
}
