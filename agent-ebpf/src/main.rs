//! The kernel half of the Umbra agent: one file a hook family. No program here can block or change traffic; each
//! returns 'go on', whatever happens.
#![no_std]
#![no_main]
// One instruction, in `work.rs`.
#![feature(asm_experimental_arch)]

mod address;
mod answers;
mod blurred;
mod catalogue;
mod cgroup;
mod close;
mod connect;
mod datagram;
mod egress;
mod envelope;
mod http;
mod maps;
mod nameless;
mod packet;
mod path;
mod peer;
mod pieces;
mod preamble;
mod process;
mod quic;
mod record;
mod release;
mod request;
mod socket;
mod socks;
mod stream;
mod task;
mod tls;
mod verdict;
mod work;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: nothing here can panic; the verifier refuses a program in which this could be reached.
    unsafe { core::hint::unreachable_unchecked() }
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
