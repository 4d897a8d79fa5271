//! A UDP socket whose datagrams go through a SOCKS 5 proxy (RFC 1928, section 7).

use std::io::{self, IoSliceMut, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use anyhow::{Context as _, ensure};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};

/// RFC 1928, sections 4 and 5.
const UDP_ASSOCIATE: u8 = 3;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// A place at a proxy for datagrams, for as long as the connection to it lasts.
#[derive(Debug)]
pub(super) struct Association {
    _control: TcpStream,
    /// Where the datagrams go.
    pub(super) relay: SocketAddr,
}

impl Association {
    /// Asks the proxy at `socks5://host:port`, without a log-in.
    pub(super) fn new(proxy: &str) -> anyhow::Result<Self> {
        let address = proxy
            .strip_prefix("socks5://")
            .with_context(|| format!("{proxy} is not `socks5`"))?;
        let mut control = TcpStream::connect(address).with_context(|| format!("connect to {proxy}"))?;
        control.write_all(&[5, 1, 0])?;
        let mut method = [0; 2];
        control.read_exact(&mut method)?;
        // From any address and port, which need not be known yet.
        control.write_all(&[5, UDP_ASSOCIATE, 0, IPV4, 0, 0, 0, 0, 0, 0])?;
        let mut answer = [0; 10];
        control.read_exact(&mut answer)?;
        let [5, 0, _, IPV4, a, b, c, d, high, low] = answer else {
            anyhow::bail!("{proxy} refused, or has no IPv4 address: {answer:?}");
        };
        ensure!(method == [5, 0], "{proxy} wants a log-in");
        Ok(Self {
            _control: control,
            relay: ([a, b, c, d], u16::from_be_bytes([high, low])).into(),
        })
    }
}

/// A socket at the proxy's. For quinn it is one of IPv6, so that it may call servers of both families.
#[derive(Debug)]
pub(super) struct Relayed {
    socket: Arc<dyn AsyncUdpSocket>,
    association: Association,
    /// Servers of which the proxy is told the name instead of the address.
    names: Vec<(SocketAddr, String)>,
}

impl Relayed {
    pub(super) fn new(
        socket: Arc<dyn AsyncUdpSocket>,
        association: Association,
        names: Vec<(SocketAddr, String)>,
    ) -> Self {
        Self {
            socket,
            association,
            names,
        }
    }

    fn header(&self, to: SocketAddr) -> Vec<u8> {
        let mut header = vec![0, 0, 0];
        let to = SocketAddr::new(to.ip().to_canonical(), to.port());
        let name = self.names.iter().find(|(server, _)| *server == to);
        match (name, to.ip()) {
            (Some((_, name)), _) => {
                header.extend([NAME, u8::try_from(name.len()).expect("a short name")]);
                header.extend(name.as_bytes());
            }
            (None, IpAddr::V4(ip)) => {
                header.push(IPV4);
                header.extend(ip.octets());
            }
            (None, IpAddr::V6(ip)) => {
                header.push(IPV6);
                header.extend(ip.octets());
            }
        }
        header.extend(to.port().to_be_bytes());
        header
    }
}

/// Who sent a datagram, and how many bytes say so.
fn sender(datagram: &[u8]) -> Option<(SocketAddr, usize)> {
    let (ip, rest) = match datagram.strip_prefix(&[0, 0, 0])?.split_first()? {
        (&IPV4, rest) => {
            let (ip, rest) = rest.split_first_chunk::<4>()?;
            (IpAddr::from(*ip), rest)
        }
        (&IPV6, rest) => {
            let (ip, rest) = rest.split_first_chunk::<16>()?;
            (IpAddr::from(*ip), rest)
        }
        _ => return None,
    };
    let (port, content) = rest.split_first_chunk()?;
    let ip = match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let from = (ip, u16::from_be_bytes(*port)).into();
    Some((from, datagram.len() - content.len()))
}

impl AsyncUdpSocket for Relayed {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let header = self.header(transmit.destination);
        let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        let contents: Vec<u8> = transmit
            .contents
            .chunks(segment)
            .flat_map(|datagram| header.iter().chain(datagram))
            .copied()
            .collect();
        self.socket.try_send(&Transmit {
            destination: self.association.relay,
            contents: &contents,
            segment_size: transmit.segment_size.map(|segment| segment + header.len()),
            ecn: transmit.ecn,
            src_ip: None,
        })
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = ready!(self.socket.poll_recv(context, buffers, metas))?;
        for (buffer, meta) in buffers.iter_mut().zip(metas).take(received) {
            // The proxy sends them one by one, so that none are put together.
            let Some((from, header)) = sender(&buffer[..meta.len]).filter(|_| meta.stride == meta.len) else {
                return Poll::Ready(Err(io::Error::other("no datagram of a SOCKS proxy")));
            };
            buffer.copy_within(header..meta.len, 0);
            meta.addr = from;
            meta.len -= header;
            meta.stride = meta.len;
            meta.dst_ip = None;
        }
        Poll::Ready(Ok(received))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        let port = self.socket.local_addr()?.port();
        Ok((Ipv6Addr::UNSPECIFIED, port).into())
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}
