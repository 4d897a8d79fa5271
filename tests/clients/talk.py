"""Gets an address by TLS over a socket that another program opened: talk.py FD|passed:FD URL AUTHORITY

`passed:FD` is a Unix socket over which the socket comes.
"""

import socket
import ssl
import sys
import urllib.parse


def talk(stream, url, authority, say_hello=socket.socket.sendall):
    """Fetches the URL over a stream that is connected, or will be by `say_hello`."""
    url = urllib.parse.urlsplit(url)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=authority)
    tls = context.wrap_bio(incoming, outgoing, server_hostname=url.hostname)

    def until_done(step, *arguments):
        while True:
            try:
                result = step(*arguments)
            except ssl.SSLWantReadError:
                flush()
                data = stream.recv(65536)
                incoming.write(data) if data else incoming.write_eof()
            else:
                flush()
                return result

    def flush():
        nonlocal say_hello
        data = outgoing.read()
        if data:
            say_hello(stream, data)
            say_hello = socket.socket.sendall

    until_done(tls.do_handshake)
    # The server of HTTP/1.0 closes.
    until_done(tls.write, f"GET {url.path} HTTP/1.0\r\nhost: {url.hostname}\r\n\r\n".encode())
    answer = b""
    while data := until_done(read, tls):
        answer += data
    stream.close()
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"the server said {answer[:100]}")


def read(tls):
    try:
        return tls.read(65536)
    except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
        return b""


def main(descriptor, url, authority):
    kind, _, number = descriptor.rpartition(":")
    number = int(number)
    if kind == "passed":
        with socket.socket(fileno=number) as unix:
            number = socket.recv_fds(unix, 1, 1)[1][0]
    talk(socket.socket(fileno=number), url, authority)


if __name__ == "__main__":
    main(*sys.argv[1:])
