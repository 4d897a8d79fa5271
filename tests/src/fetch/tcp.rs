use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustls::pki_types::ServerName;
use rustls::{ALL_VERSIONS, ClientConfig, ClientConnection, StreamOwned};

use super::pieces::Pieces;
use super::proxy::connect;
use super::{Url, trusting};

/// Longest name of a protocol (RFC 7301, 3.1).
const PROTOCOL_MAX: usize = 255;

/// What to get, and in which manner.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The address.
    url: Url,
    /// PEM file of the authority to trust.
    authority: PathBuf,
    /// Write the hello so many bytes at a time.
    #[arg(long)]
    piece: Option<usize>,
    /// Milliseconds to wait after each piece.
    #[arg(long, default_value_t = 0)]
    pause: u64,
    /// Split messages into records of so many bytes (header included).
    #[arg(long)]
    record: Option<usize>,
    /// Make the hello about so many bytes longer, by protocols that nobody speaks.
    #[arg(long, default_value_t = 0)]
    longer: usize,
    /// Get it twice, the second time in the first flight (0-RTT), which the server must accept.
    #[arg(long)]
    early: bool,
}

impl Arguments {
    /// Gets it and reads the answer to its end.
    pub fn fetch(&self) -> anyhow::Result<()> {
        let mut config = trusting(&self.authority, ALL_VERSIONS)?;
        config.max_fragment_size = self.record;
        config.enable_early_data = self.early;
        config.alpn_protocols = (0..self.longer.div_ceil(PROTOCOL_MAX + 1))
            .map(|turn| format!("{turn:0>PROTOCOL_MAX$}").into_bytes())
            .collect();
        let config = Arc::new(config);
        self.once(&config, false)?;
        if self.early {
            self.once(&config, true)?;
        }
        Ok(())
    }

    fn once(&self, config: &Arc<ClientConfig>, early: bool) -> anyhow::Result<()> {
        let Url { host, port, path } = &self.url;
        let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from(host.to_owned())?)?;
        let stream = connect(host, *port)?;
        let stream = Pieces::new(stream, self.piece, Duration::from_millis(self.pause))?;

        let mut tls = StreamOwned::new(connection, stream);
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        if early {
            let mut data = tls
                .conn
                .early_data()
                .context("no ticket came that allows early data")?;
            data.write_all(request.as_bytes())?;
        } else {
            tls.write_all(request.as_bytes())?;
        }
        let mut answer = BufReader::new(tls);
        read(&mut answer)?;
        let accepted = answer.get_ref().conn.is_early_data_accepted();
        ensure!(accepted == early, "early data accepted: {accepted}");
        Ok(())
    }
}

/// Reads an answer to its end; it must be a success.
fn read(answer: &mut impl BufRead) -> anyhow::Result<()> {
    let mut status = String::new();
    answer.read_line(&mut status)?;
    ensure!(status.starts_with("HTTP/1.1 200 "), "the server said {status:?}");
    let mut length = 0;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        ensure!(answer.read_line(&mut line)? > 0, "the answer's head breaks off");
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse()?;
        }
    }
    let read = io::copy(&mut answer.by_ref().take(length), &mut io::sink())?;
    ensure!(read == length, "got {read} of {length} bytes");
    Ok(())
}
