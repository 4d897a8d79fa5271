use std::collections::HashMap;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

use crate::truth::Bytes;

/// A UDP socket that counts the payload of each client, below QUIC.
#[derive(Debug)]
pub(super) struct Counted {
    socket: Arc<dyn AsyncUdpSocket>,
    clients: Mutex<HashMap<SocketAddr, Bytes>>,
}

impl Counted {
    pub(super) fn new(socket: Arc<dyn AsyncUdpSocket>) -> Self {
        Self {
            socket,
            clients: Mutex::default(),
        }
    }

    /// What was counted for the client until now; counts anew from here on.
    pub(super) fn take(&self, client: SocketAddr) -> Bytes {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(&client).unwrap_or_default()
    }

    fn count(&self, client: SocketAddr, out: usize, r#in: usize) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = clients.entry(client).or_default();
        bytes.out += out as u64;
        bytes.r#in += r#in as u64;
    }
}

impl AsyncUdpSocket for Counted {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)?;
        self.count(transmit.destination, 0, transmit.contents.len());
        Ok(())
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = ready!(self.socket.poll_recv(context, buffers, metas))?;
        for meta in &metas[..received] {
            self.count(meta.addr, meta.len, 0);
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}
