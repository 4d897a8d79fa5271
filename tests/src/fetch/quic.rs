use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::{Buf, Bytes};
use http::Request;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, Endpoint, EndpointConfig, Runtime, TokioRuntime, TransportConfig};
use rustls::version::TLS13;
use tokio::time::timeout;

use super::relayed::{Association, Relayed};
use super::{Url, trusting};
use crate::udp;

/// What to get by HTTP/3, and in which manner: through the SOCKS 5 proxy in `https_proxy`, if the environment names one.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option by itself")]
pub struct Arguments {
    /// The address.
    url: Url,
    /// PEM file of the authority to trust.
    authority: PathBuf,
    /// Get this address as well, at the same time and through the same socket.
    #[arg(long)]
    also: Option<Url>,
    /// Tell the proxy names instead of addresses.
    #[arg(long)]
    by_name: bool,
    /// Connect the socket to the server, or to the proxy.
    #[arg(long)]
    connected: bool,
    /// Call an IPv4 server from a socket of IPv6.
    #[arg(long)]
    mapped: bool,
    /// Send so many bytes with the request.
    #[arg(long, default_value_t = 0)]
    upload: usize,
    /// Get it twice, the second time in the first flight (0-RTT), which the server must accept.
    #[arg(long)]
    early: bool,
    /// Do not try how large a datagram may be, so that as many bytes go out each time.
    #[arg(long)]
    steady: bool,
    /// Say no name in the hello; the server must prove to be this one.
    #[arg(long)]
    nameless: Option<String>,
    /// Open (and connect) the socket, say so, and wait for this file before the first datagram.
    #[arg(long)]
    wait: Option<PathBuf>,
}

impl Arguments {
    /// Gets it and reads the answer to its end.
    pub fn fetch(&self) -> anyhow::Result<()> {
        let mut tls = trusting(&self.authority, &[&TLS13])?;
        tls.alpn_protocols = vec![b"h3".to_vec()];
        tls.enable_early_data = self.early;
        tls.enable_sni = self.nameless.is_none();
        let mut config = ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls)?));
        if self.steady {
            let mut transport = TransportConfig::default();
            transport.mtu_discovery_config(None);
            config.transport_config(Arc::new(transport));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            self.once(config.clone(), false).await?;
            if self.early {
                self.once(config, true).await?;
            }
            Ok(())
        })
    }

    async fn once(&self, config: ClientConfig, early: bool) -> anyhow::Result<()> {
        let endpoint = self.endpoint()?;
        let call = self.call(&endpoint, config.clone(), &self.url, early);
        let outcome = match &self.also {
            None => call.await,
            Some(also) => {
                let (one, other) = tokio::join!(call, self.call(&endpoint, config, also, early));
                one.and(other)
            }
        };
        // Says goodbye, too.
        endpoint.wait_idle().await;
        outcome
    }

    fn endpoint(&self) -> anyhow::Result<Endpoint> {
        let config = EndpointConfig::default();
        let runtime = Arc::new(TokioRuntime);
        let Ok(proxy) = env::var("https_proxy") else {
            let socket = self.socket(self.server(&self.url)?)?;
            return Ok(Endpoint::new(config, None, socket, runtime)?);
        };
        let association = Association::new(&proxy)?;
        let socket = runtime.wrap_udp_socket(self.socket(association.relay)?)?;
        let mut names = Vec::new();
        for url in std::iter::once(&self.url)
            .chain(&self.also)
            .filter(|_| self.by_name)
        {
            names.push((self.server(url)?, url.host.clone()));
        }
        let socket = Arc::new(Relayed::new(socket, association, names));
        Ok(Endpoint::new_with_abstract_socket(config, None, socket, runtime)?)
    }

    fn server(&self, url: &Url) -> anyhow::Result<SocketAddr> {
        let server = (url.host.as_str(), url.port)
            .to_socket_addrs()?
            .next()
            .with_context(|| format!("{} has no address", url.host))?;
        Ok(match server.ip() {
            IpAddr::V4(ip) if self.mapped => (ip.to_ipv6_mapped(), server.port()).into(),
            _ => server,
        })
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        config: ClientConfig,
        url: &Url,
        early: bool,
    ) -> anyhow::Result<()> {
        let name = self.nameless.as_ref().unwrap_or(&url.host);
        let connecting = endpoint.connect_with(config, self.server(url)?, name)?;
        if !early {
            return self.converse(connecting.await?, url).await;
        }
        let (connection, accepted) = connecting
            .into_0rtt()
            .map_err(|_| anyhow::anyhow!("no ticket came that allows early data"))?;
        let outcome = self.converse(connection, url).await;
        ensure!(accepted.await, "the server did not accept early data");
        outcome
    }

    fn socket(&self, server: SocketAddr) -> anyhow::Result<UdpSocket> {
        let any = if server.is_ipv4() {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
        } else {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
        };
        let socket = udp::bind(any)?;
        if self.connected {
            socket.connect(server)?;
        }
        if let Some(signal) = &self.wait {
            println!("open");
            wait(signal);
        }
        Ok(socket)
    }

    async fn converse(&self, connection: Connection, url: &Url) -> anyhow::Result<()> {
        let (mut driver, mut http) = h3::client::new(h3_quinn::Connection::new(connection)).await?;
        let conversation = async {
            let outcome = self.get(&mut http, url).await;
            // The last sender that goes closes the connection.
            drop(http);
            outcome
        };
        let (outcome, _closed) = tokio::join!(conversation, driver.wait_idle());
        outcome
    }

    async fn get(
        &self,
        http: &mut h3::client::SendRequest<h3_quinn::OpenStreams, Bytes>,
        url: &Url,
    ) -> anyhow::Result<()> {
        let url = format!("https://{}:{}{}", url.host, url.port, url.path);
        let request = if self.upload > 0 {
            Request::post(url)
        } else {
            Request::get(url)
        };
        let mut stream = http.send_request(request.body(())?).await?;
        if self.upload > 0 {
            stream.send_data(Bytes::from(vec![b'.'; self.upload])).await?;
        }
        stream.finish().await?;
        let head = stream.recv_response().await?;
        ensure!(head.status().is_success(), "the server said {}", head.status());
        let length: usize = head.headers()["content-length"].to_str()?.parse()?;
        let mut read = 0;
        while let Some(data) = stream.recv_data().await? {
            read += data.remaining();
        }
        ensure!(read == length, "got {read} of {length} bytes");
        Ok(())
    }
}

/// The first datagram of a connection to `name`, of a client that trusts the authority.
pub fn initial(name: &str, authority: &Path) -> anyhow::Result<Vec<u8>> {
    let config = QuicClientConfig::try_from(trusting(authority, &[&TLS13])?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = tokio::net::UdpSocket::bind(loopback).await?;
        let client = Endpoint::client(loopback)?;
        let config = ClientConfig::new(Arc::new(config));
        let _connecting = client.connect_with(config, server.local_addr()?, name)?;
        let mut datagram = vec![0; 2048];
        let length = timeout(PATIENCE, server.recv(&mut datagram)).await??;
        datagram.truncate(length);
        Ok(datagram)
    })
}

/// How long a datagram on the loopback may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn wait(signal: &Path) {
    while !signal.exists() {
        thread::sleep(Duration::from_millis(20));
    }
}
