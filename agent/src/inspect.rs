//! `umbra-agent inspect FILE`: which flow in a capture asked for which name.
//!
//! Data goes one way: `capture` → `link` → `packet` (with `fragments`) → `flows` (of `flow`s of `stream`s, and
//! `association`s) → `line`. What servers of the DNS say goes from `flows` to `answers`, which tell of later flows.
//! The names are read by [`crate::names`], as on the wire. Everything is bounded, whatever a capture holds.

mod answers;
mod association;
mod capture;
mod error;
mod flow;
mod flows;
mod fragments;
mod line;
mod link;
mod packet;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
};

pub use error::{Damage, Error};

use flows::Flows;
use packet::Packets;

/// Prints the flows of the capture at `path` to `out`, as [`print_flows`] does.
pub fn inspect(path: &Path, out: &mut impl Write) -> Result<(), Error> {
    let file = File::open(path).map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })?;
    match print_flows(file, &mut BufWriter::new(out)).map_err(Error::Write)? {
        None => Ok(()),
        Some(damage) => Err(Error::Capture {
            path: path.to_owned(),
            damage,
        }),
    }
}

/// Prints a JSON object for each TCP and UDP flow of a capture to `out`, in the order of their first packets; gives
/// what kept it from reading all of the capture, whose other flows are printed all the same.
pub fn print_flows(source: impl Read, out: &mut impl Write) -> io::Result<Option<Damage>> {
    let mut packets = Packets::default();
    let mut flows = Flows::default();
    let mut unread_link = None;
    let damage = capture::read(source, |frame| {
        match link::network(frame.link, frame.data) {
            Ok(Some(network)) => {
                packets.read(network, frame.seconds, |payload| {
                    flows.take(payload, frame.seconds);
                });
            }
            Ok(None) => {}
            Err(link::Unknown) => {
                unread_link.get_or_insert(Damage::Link {
                    link: frame.link,
                    packet: frame.number,
                });
            }
        }
        flows.overdue().try_for_each(|line| line.write(out))
    })?;
    flows.rest().try_for_each(|line| line.write(out))?;
    out.flush()?;
    Ok(damage.or(unread_link))
}
