"""An HTTP proxy that is itself reached by TLS: tls_proxy.py PORT CERTIFICATE KEY

Knows CONNECT alone. Prints `serving`.
"""

import asyncio
import ssl
import sys


async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b" ", 2)
    assert method == b"CONNECT", head
    host, port = target.decode().rsplit(":", 1)
    server = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await asyncio.gather(pump(reader, server[1]), pump(server[0], writer), return_exceptions=True)


async def main(port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=context)
    print("serving", flush=True)
    await asyncio.Future()


asyncio.run(main(*sys.argv[1:]))
