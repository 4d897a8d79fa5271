use std::io::{self, Cursor, Read, Write};

use rustls::{ServerConnection, StreamOwned};

use super::counted::Counted;

/// What HTTP is spoken over.
pub(super) trait Wire: Read + Write {
    /// Tells the client that nothing more will come.
    fn finish(&mut self) -> io::Result<()>;
}

impl Wire for Counted {
    fn finish(&mut self) -> io::Result<()> {
        self.shut()
    }
}

/// TLS, with what the client sent before the handshake was over (0-RTT) in front.
pub(super) struct Tls<'a> {
    /// `None` until hands are shaken.
    early: Option<Cursor<Vec<u8>>>,
    stream: StreamOwned<ServerConnection, &'a mut Counted>,
}

impl<'a> Tls<'a> {
    pub(super) fn new(connection: ServerConnection, socket: &'a mut Counted) -> Self {
        Self {
            early: None,
            stream: StreamOwned::new(connection, socket),
        }
    }

    pub(super) fn name(&self) -> Option<String> {
        self.stream.conn.server_name().map(str::to_owned)
    }

    fn greet(&mut self) -> io::Result<Cursor<Vec<u8>>> {
        while self.stream.conn.is_handshaking() {
            self.stream.conn.complete_io(&mut self.stream.sock)?;
        }
        let mut early = Vec::new();
        if let Some(mut data) = self.stream.conn.early_data() {
            data.read_to_end(&mut early)?;
        }
        Ok(Cursor::new(early))
    }
}

impl Read for Tls<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let early = if let Some(early) = &mut self.early {
            early
        } else {
            let early = self.greet()?;
            self.early.insert(early)
        };
        match early.read(buffer)? {
            0 => self.stream.read(buffer),
            count => Ok(count),
        }
    }
}

impl Write for Tls<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Wire for Tls<'_> {
    fn finish(&mut self) -> io::Result<()> {
        self.stream.conn.send_close_notify();
        self.stream.flush()?;
        self.stream.sock.shut()
    }
}
