"""A mail server that keeps what it takes: mail.py PORT CERTIFICATE KEY FOLDER starttls|implicit.

TLS, asked for or from the first byte on, and a log-in (umbra, s3cret) come first. It puts off mail to later@ and refuses mail to nobody@.
"""

import pathlib
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    def __init__(self, folder):
        self.folder = folder

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later@"):
            return "451 4.7.1 come back later"
        if address.startswith("nobody@"):
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        written = self.folder / "new"
        written.write_bytes(envelope.original_content)
        written.rename(self.folder / f"{time.monotonic_ns()}.eml")
        return "250 2.0.0 kept"


def known(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"umbra", b"s3cret")
    # Not handled: the server says 535 by itself.
    return AuthResult(success=right, handled=False)


def main():
    port, certificate, key, folder, begin = sys.argv[1:]
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    if begin == "starttls":
        how = {"tls_context": tls, "require_starttls": True}
    else:
        # What it calls TLS is what STARTTLS began.
        how = {"ssl_context": tls, "auth_require_tls": False}
    controller = Controller(
        Keeper(pathlib.Path(folder)),
        hostname="127.0.0.1",
        port=int(port),
        **how,
        authenticator=known,
        auth_required=True,
    )
    controller.start()
    print("ready", flush=True)
    # Until whoever started it is gone.
    sys.stdin.read()


main()
