use std::io::{self, Read, Write};
use std::net::TcpStream;

/// A socket that counts its payload, below TLS.
pub(super) struct Counted {
    stream: TcpStream,
    /// Bytes read from the socket.
    pub(super) received: u64,
    /// Bytes written to it.
    pub(super) sent: u64,
}

impl Counted {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            received: 0,
            sent: 0,
        }
    }

    /// Reads what the client still sends, such as its last TLS alert, until it closes.
    pub(super) fn drain(&mut self) {
        let mut rest = [0; 4096];
        while matches!(self.read(&mut rest), Ok(1..)) {}
    }

    /// Tells the client that nothing more will come.
    pub(super) fn shut(&self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.received += count as u64;
        Ok(count)
    }
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(buffer)?;
        self.sent += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
