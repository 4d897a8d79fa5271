"""Gets an address by HTTP/3: quic_client.py URL AUTHORITY [MANNER]...

v1      offer QUIC version 1 alone
v2      begin with version 2, and know version 1
v1-v2   begin with version 1, and rather have version 2 (RFC 9368)
long    make the hello too long for one datagram
send    connect the socket to the server and use send, rather than sendto
ech:NAME    say this name in the hello, beside an encrypted one that nobody can open (RFC 9849)

With https_proxy=socks5://HOST:PORT in the environment, through that proxy (RFC 1928, section 7), which is told
names        names instead of addresses
"""

import asyncio
import os
import socket
import struct
import sys
import urllib.parse

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.packet import QuicProtocolVersion

VERSIONS = {
    "v1": [QuicProtocolVersion.VERSION_1],
    "v2": [QuicProtocolVersion.VERSION_2, QuicProtocolVersion.VERSION_1],
}
VERSIONS["v1-v2"] = VERSIONS["v2"]
ENCRYPTED_HELLO = 0xFE0D
# RFC 1928, sections 4 and 5.
UDP_ASSOCIATE = 3
IPV4, NAME = 1, 3


class Client(QuicConnectionProtocol):
    encrypts = False

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.status, self.length, self.end = None, 0, self._loop.create_future()
        if Client.encrypts:
            encrypt(self._quic)

    def quic_event_received(self, event):
        for part in self.http.handle_event(event):
            if isinstance(part, HeadersReceived):
                self.status = dict(part.headers)[b":status"]
            elif isinstance(part, DataReceived):
                self.length += len(part.data)
            if getattr(part, "stream_ended", False):
                self.end.set_result(None)

    async def get(self, url):
        stream = self._quic.get_next_available_stream_id()
        fields = [(":method", "GET"), (":scheme", "https"), (":authority", url.netloc), (":path", url.path)]
        self.http.send_headers(stream, [(name.encode(), value.encode()) for name, value in fields], True)
        self.transmit()
        await self.end
        if self.status != b"200":
            sys.exit(f"status {self.status}")


class Relay(asyncio.DatagramProtocol):
    """Between aioquic and a socket that is connected to the proxy: transport of the one, protocol of the other."""

    def __init__(self, client, server, name):
        self.client, self.server = client, server
        host, port = server
        if name:
            self.header = bytes([0, 0, 0, NAME, len(name)]) + name.encode()
        else:
            self.header = bytes([0, 0, 0, IPV4]) + socket.inet_aton(host)
        self.header += struct.pack("!H", port)

    def connection_made(self, transport):
        self.transport = transport
        self.client.connection_made(self)

    def datagram_received(self, data, _):
        if data[:4] != bytes([0, 0, 0, IPV4]):
            sys.exit(f"no datagram of a SOCKS proxy: {data[:4]}")
        self.client.datagram_received(data[10:], self.server)

    def sendto(self, data, _):
        self.transport.sendto(self.header + data)


def associate(proxy):
    """The connection that keeps a place for datagrams at the proxy, and the place."""
    control = socket.create_connection((proxy.hostname, proxy.port))
    answers = control.makefile("rb")
    control.sendall(bytes([5, 1, 0]))
    method = answers.read(2)
    control.sendall(bytes([5, UDP_ASSOCIATE, 0, IPV4]) + bytes(6))
    answer = answers.read(10)
    if method != bytes([5, 0]) or answer[:2] != bytes([5, 0]) or answer[3] != IPV4:
        sys.exit(f"the proxy refused: {method} {answer}")
    return control, (socket.inet_ntoa(answer[4:8]), struct.unpack("!H", answer[8:])[0])


def encrypt(connection):
    initialize = connection._initialize

    def and_encrypt(peer_cid):
        initialize(peer_cid)
        # Outer; HKDF-SHA256, AES-128-GCM; configuration 1; a key; a payload.
        body = bytes([0, 0, 1, 0, 1, 1]) + sized(b"\x09" * 32) + sized(b"\x05" * 208)
        connection.tls.handshake_extensions.append((ENCRYPTED_HELLO, body))

    connection._initialize = and_encrypt


def sized(body):
    return len(body).to_bytes(2, "big") + body


async def by_send(url, configuration):
    """What aioquic's `connect` does, on a connected socket."""
    loop = asyncio.get_running_loop()
    configuration.server_name = url.hostname
    transport, client = await loop.create_datagram_endpoint(
        lambda: Client(QuicConnection(configuration=configuration)), remote_addr=(url.hostname, url.port or 443)
    )
    await finish(client, transport.get_extra_info("peername"), url)
    transport.close()


async def by_proxy(url, configuration, proxy, by_name):
    loop = asyncio.get_running_loop()
    configuration.server_name = url.hostname
    port = url.port or 443
    server = socket.getaddrinfo(url.hostname, port, socket.AF_INET, socket.SOCK_DGRAM)[0][4]
    client = Client(QuicConnection(configuration=configuration))
    control, place = associate(urllib.parse.urlsplit(proxy))
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Relay(client, server, url.hostname if by_name else None), remote_addr=place
    )
    await finish(client, server, url)
    transport.close()
    control.close()


async def finish(client, server, url):
    client.connect(server)
    await client.wait_connected()
    await client.get(url)
    client.close()
    await client.wait_closed()


async def by_sendto(url, configuration):
    async with connect(url.hostname, url.port or 443, configuration=configuration, create_protocol=Client) as client:
        await client.get(url)


def main(url, authority, *manners):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, quantum_readiness_test="long" in manners)
    configuration.load_verify_locations(authority)
    for manner in manners:
        if manner.startswith("ech:"):
            configuration.server_name, Client.encrypts = manner.removeprefix("ech:"), True
        if manner == "v1-v2":
            configuration.original_version = QuicProtocolVersion.VERSION_1
        configuration.supported_versions = VERSIONS.get(manner, configuration.supported_versions)
    url, proxy = urllib.parse.urlsplit(url), os.environ.get("https_proxy")
    if proxy:
        asyncio.run(by_proxy(url, configuration, proxy, "names" in manners))
    else:
        asyncio.run((by_send if "send" in manners else by_sendto)(url, configuration))


main(*sys.argv[1:])
