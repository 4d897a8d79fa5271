"""Answers HTTP/3 with 1,000 bytes, in QUIC version 2 if the client knows it: quic_server.py PORT CERTIFICATE KEY

Prints `serving`, and a line of JSON for each connection that has ended.
"""

import asyncio
import json
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated
from aioquic.quic.packet import QuicProtocolVersion


class Server(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http, self.first = None, None

    def datagram_received(self, data, address):
        self.first = self.first or int.from_bytes(data[1:5], "big")
        super().datagram_received(data, address)

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            line = {"name": self._quic.tls._server_name, "began": self.first, "version": self._quic._version}
            print(json.dumps(line), flush=True)
            return
        self.http = self.http or H3Connection(self._quic)
        for part in self.http.handle_event(event):
            if isinstance(part, HeadersReceived):
                self.http.send_headers(part.stream_id, [(b":status", b"200")])
                self.http.send_data(part.stream_id, b"." * 1000, True)
                self.transmit()


async def main(port, certificate, key):
    configuration = QuicConfiguration(
        is_client=False,
        alpn_protocols=H3_ALPN,
        supported_versions=[QuicProtocolVersion.VERSION_2, QuicProtocolVersion.VERSION_1],
    )
    configuration.load_cert_chain(certificate, key)
    await serve("127.0.0.1", int(port), configuration=configuration, create_protocol=Server)
    print("serving", flush=True)
    await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
