//! Reads what a packet of a TCP connection asks for: the server name of a TLS hello, the host of an HTTP request, the
//! domain of a SOCKS request.

use umbra_agent_common::flow::{
    EVIDENCE_CONNECT, EVIDENCE_HTTP, EVIDENCE_SOCKS, EVIDENCE_TLS, READING_SOCKS5, READING_START,
    READING_STREAM, SocketState, VIA_CONNECT, VIA_HTTP, VIA_NONE, VIA_SOCKS4, VIA_SOCKS5,
};

use crate::{
    address, blurred::Blurred, http::Form, nameless::Nameless, packet::Packet, socks, tls, work::Work,
};

/// No first byte: SOCKS 5, and a greeting came before.
const SOCKS5_GREETED: u32 = 0x100;

/// What a packet asks for, in memory: the verifier would follow each kind of it to the end by itself.
pub struct Asked {
    /// 0, or why there is no name.
    pub nameless: Blurred,
    /// Bytes of the name in the record; 0: there is none.
    pub length: Blurred,
    /// One of `EVIDENCE_*`.
    pub evidence: Blurred,
    /// The proxy that is asked: one of `VIA_*`.
    pub via: Blurred,
    /// Tells the target of a `CONNECT` from others; 0: it is none.
    pub target: Blurred,
    /// What comes next: one of `READING_*`; [`READING_START`]: nothing to read.
    pub next: Blurred,
}

impl Asked {
    #[inline(always)]
    fn set(&mut self, length: u32, evidence: u16, via: u8, next: u8) -> Result<(), Nameless> {
        self.length.set(length);
        self.evidence.set(evidence.into());
        self.via.set(via.into());
        self.target.set(0);
        self.next.set(next.into());
        Ok(())
    }
}

/// Reads what the payload asks for, into [`Work::asked`]; its name goes into the record.
#[inline(always)]
pub fn read(packet: Packet, state: &SocketState, work: &mut Work) {
    let nameless = match read_payload(packet, state, work) {
        Ok(()) => 0,
        Err(nameless) => nameless as u32,
    };
    work.asked.nameless.set(nameless);
}

#[inline(always)]
fn read_payload(packet: Packet, state: &SocketState, work: &mut Work) -> Result<(), Nameless> {
    let (payload, end) = (work.headers.payload.get(), work.headers.end.get());
    let first = packet.byte(payload).ok_or(Nameless::NoName)?;
    if state.reading == READING_SOCKS5 {
        return read_socks(packet, SOCKS5_GREETED, work);
    }
    match first {
        tls::HANDSHAKE_RECORD => {
            let length = tls::server_name(packet, payload, &mut work.at)?;
            load_name(packet, length, work)?;
            work.asked.set(length, EVIDENCE_TLS, VIA_NONE, READING_START)
        }
        socks::SOCKS4 | socks::SOCKS5 => read_socks(packet, first, work),
        _ if (first as u8).is_ascii_uppercase() => {
            let (form, length) = work.text.read(packet, payload, end, &mut work.record.name)?;
            match form {
                Form::Origin => work.asked.set(length, EVIDENCE_HTTP, VIA_NONE, READING_START),
                Form::Absolute => work.asked.set(length, EVIDENCE_HTTP, VIA_HTTP, READING_START),
                Form::Connect => {
                    work.asked
                        .set(length, EVIDENCE_CONNECT, VIA_CONNECT, READING_STREAM)?;
                    work.asked.target.set(work.text.target());
                    Ok(())
                }
            }
        }
        _ => Err(Nameless::NoName),
    }
}

#[inline(always)]
fn read_socks(packet: Packet, first: u32, work: &mut Work) -> Result<(), Nameless> {
    let (payload, end) = (work.headers.payload.get(), work.headers.end.get());
    let (said, via) = if first == socks::SOCKS4 {
        (socks::version4(packet, payload, end, &mut work.at)?, VIA_SOCKS4)
    } else {
        let greeted = first == SOCKS5_GREETED;
        (
            socks::version5(packet, payload, end, greeted, &mut work.at)?,
            VIA_SOCKS5,
        )
    };
    match said {
        socks::Said::Hello => work.asked.set(0, EVIDENCE_SOCKS, VIA_NONE, READING_SOCKS5),
        socks::Said::Address(length) => {
            let length = address::write(packet, work.at.get(), length, work).ok_or(Nameless::Split)?;
            work.asked.set(length, EVIDENCE_SOCKS, via, READING_STREAM)
        }
        socks::Said::Domain(length) => {
            load_name(packet, length, work)?;
            work.asked.set(length, EVIDENCE_SOCKS, via, READING_STREAM)
        }
    }
}

#[inline(always)]
fn load_name(packet: Packet, length: u32, work: &mut Work) -> Result<(), Nameless> {
    packet
        .load(work.at.get(), &mut work.record.name, length)
        .ok_or(Nameless::Split)
}
