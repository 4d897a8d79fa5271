"""Greets as mail servers and PostgreSQL do, and then speaks TLS: starttls.py CERTIFICATE KEY

Ports 25, 143 and 5432 of 127.0.0.1. Prints `serving`, and the protocol of each connection that came to TLS.
"""

import socket
import ssl
import sys
import threading

# What is said and what must be heard, in turn, until TLS begins.
SMTP = [b"220 mail ESMTP\r\n", b"EHLO", b"250-mail\r\n250 STARTTLS\r\n", b"STARTTLS", b"220 go ahead\r\n"]
IMAP = [b"* OK ready\r\n", b"CAPABILITY", b"* CAPABILITY IMAP4rev1 STARTTLS\r\n. OK\r\n", b"STARTTLS", b". OK\r\n"]
POSTGRES = [b"", (80877103).to_bytes(4, "big"), b"S"]
PROTOCOLS = {25: ("smtp", SMTP), 143: ("imap", IMAP), 5432: ("postgres", POSTGRES)}


def serve(listener, name, talk, context):
    while True:
        client, _ = listener.accept()
        for said, heard in zip(talk[::2], talk[1::2]):
            client.sendall(said)
            assert heard in client.recv(4096), heard
        client.sendall(talk[-1])
        with context.wrap_socket(client, server_side=True) as tls:
            print(name, flush=True)
            while tls.recv(4096):
                pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:])
for port, (name, talk) in PROTOCOLS.items():
    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=serve, args=(listener, name, talk, context)).start()
print("serving", flush=True)
