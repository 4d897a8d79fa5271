use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// A socket to which the first flight is written in small pieces, each of them a segment.
pub(crate) struct Pieces {
    stream: TcpStream,
    /// Bytes a piece; `None` once the server has answered.
    size: Option<usize>,
    pause: Duration,
}

impl Pieces {
    pub(crate) fn new(stream: TcpStream, size: Option<usize>, pause: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, size, pause })
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.size = None;
        self.stream.read(buffer)
    }
}

impl Write for Pieces {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let Some(size) = self.size else {
            return self.stream.write(buffer);
        };
        let written = self.stream.write(&buffer[..size.min(buffer.len())])?;
        thread::sleep(self.pause);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
