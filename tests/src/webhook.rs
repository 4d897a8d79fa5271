//! A receiver of webhooks.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

/// Listens on a loopback port, says 200 to every call, and keeps what it was sent.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Value>>>,
}

impl Webhook {
    /// Begins to listen; it does so until the test process ends.
    pub fn listen() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        let address = listener.local_addr().expect("it is bound");
        let calls = Arc::<Mutex<Vec<Value>>>::default();
        let sink = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let call = receive(stream).expect("the collector speaks HTTP");
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(call);
            }
        });
        Self { address, calls }
    }

    /// Where to call.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Bodies of the calls until now, in order.
    pub fn calls(&self) -> Vec<Value> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn receive(stream: TcpStream) -> std::io::Result<Value> {
    let mut request = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        request.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(std::io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body)?;
    request
        .get_mut()
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?;
    Ok(serde_json::from_slice(&body)?)
}
