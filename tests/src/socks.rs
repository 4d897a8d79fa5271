//! A SOCKS 4A proxy, as small as it can be: `umbra-testbed socks`.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::ensure;

use crate::serve::READY;

/// What 4A puts in place of the address: the name comes later, and `x` is not 0.
const NAME_FOLLOWS: [u8; 3] = [0, 0, 0];

/// Serves until it is killed.
pub fn serve(address: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("{READY}");
    for client in listener.incoming().flatten() {
        thread::spawn(move || {
            if let Err(error) = connection(client) {
                eprintln!("umbra-testbed: {error:#}");
            }
        });
    }
    Ok(())
}

fn connection(client: TcpStream) -> anyhow::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = [0; 8];
    reader.read_exact(&mut head)?;
    ensure!(head[..2] == [4, 1], "not CONNECT of SOCKS 4: {head:?}");
    ensure!(head[4..7] == NAME_FOLLOWS, "not SOCKS 4A: {head:?}");
    let port = u16::from_be_bytes([head[2], head[3]]);
    let mut user = Vec::new();
    reader.read_until(0, &mut user)?;
    let mut name = Vec::new();
    reader.read_until(0, &mut name)?;
    name.pop();

    let name = String::from_utf8(name)?;
    let server = TcpStream::connect((name.as_str(), port))?;
    println!("CONNECT {name}:{port}");
    (&client).write_all(&[0, 90, 0, 0, 0, 0, 0, 0])?;
    let (mut to_server, mut to_client) = (server.try_clone()?, client);
    let answers = thread::spawn(move || {
        let _ = io::copy(&mut &server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut reader, &mut to_server);
    let _ = to_server.shutdown(Shutdown::Write);
    let _ = answers.join();
    Ok(())
}
