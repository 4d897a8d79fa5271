"""Gets an address by TLS over a socket with a history: odd_socket.py URL AUTHORITY MANNER [SIGNAL]

older      connect, print `ready`, and wait for the file SIGNAL before the hello
half       likewise, in the middle of the hello
fast       send the hello with the SYN (TCP fast open)
multipath  over multipath TCP
fork       a child talks
thread     a thread talks
setuid     become another user when connected
exec       become another program (talk.py) when connected
pass       another program (talk.py) talks, which is handed the socket over a Unix socket
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

from talk import talk

OTHER_USER = 12345
IPPROTO_MPTCP = 262
TALK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "talk.py")


def wait(signal):
    print("ready", flush=True)
    while not os.path.exists(signal):
        time.sleep(0.02)


def by_halves(signal):
    def say_hello(stream, hello):
        # The name of the server lies further on than this.
        stream.sendall(hello[:40])
        wait(signal)
        stream.sendall(hello[40:])

    return say_hello


def become(arguments):
    os.execv(sys.executable, [sys.executable, TALK, *arguments])


def main(url, authority, manner, signal=None):
    parts = urllib.parse.urlsplit(url)
    server = (socket.gethostbyname(parts.hostname), parts.port or 443)
    protocol = IPPROTO_MPTCP if manner == "multipath" else 0
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    if manner == "fast":
        return talk(stream, url, authority, lambda stream, hello: stream.sendto(hello, socket.MSG_FASTOPEN, server))
    stream.connect(server)
    if manner == "older":
        wait(signal)
        talk(stream, url, authority)
    elif manner == "half":
        talk(stream, url, authority, by_halves(signal))
    elif manner == "multipath":
        talk(stream, url, authority)
    elif manner == "fork":
        if child := os.fork():
            stream.close()
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        talk(stream, url, authority)
    elif manner == "thread":
        thread = threading.Thread(target=talk, args=(stream, url, authority))
        thread.start()
        thread.join()
    elif manner == "setuid":
        os.setuid(OTHER_USER)
        talk(stream, url, authority)
    elif manner == "exec":
        os.set_inheritable(stream.fileno(), True)
        become([str(stream.fileno()), url, authority])
    elif manner == "pass":
        ours, theirs = socket.socketpair()
        socket.send_fds(ours, [b"."], [stream.fileno()])
        stream.close()
        arguments = [sys.executable, TALK, f"passed:{theirs.fileno()}", url, authority]
        sys.exit(subprocess.run(arguments, pass_fds=[theirs.fileno()]).returncode)
    else:
        sys.exit(f"no manner is called {manner}")


main(*sys.argv[1:])
