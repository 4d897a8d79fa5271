//! UDP sockets that lose nothing between two programs of one machine.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use rustix::net::sockopt::set_socket_recv_buffer_size_force;

/// More than is in flight in any test: what finds the buffer full is sent again, and then nothing can be counted.
const BUFFER: usize = 8 * 1024 * 1024;

/// A socket at an address.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    set_socket_recv_buffer_size_force(&socket, BUFFER)?;
    Ok(socket)
}
