//! What a mail server says before TLS begins: SMTP with STARTTLS (RFC 3207).

use std::io::{self, Read, Write};

const LINE_MAX: usize = 1024;

/// Talks until the client may begin with TLS.
pub(super) fn until_tls(wire: &mut (impl Read + Write)) -> io::Result<()> {
    wire.write_all(b"220 mail.example ESMTP\r\n")?;
    loop {
        match line(wire)?.to_ascii_uppercase().as_str() {
            "STARTTLS" => return wire.write_all(b"220 go ahead\r\n"),
            _ => wire.write_all(b"250-mail.example\r\n250 STARTTLS\r\n")?,
        }
    }
}

/// A line without its end; read byte by byte, since what follows the last one is TLS.
fn line(wire: &mut impl Read) -> io::Result<String> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n") {
        wire.read_exact(&mut byte)?;
        text.push(byte[0]);
        if text.len() > LINE_MAX {
            return Err(io::Error::other("a line of the mail client is too long"));
        }
    }
    Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
}
