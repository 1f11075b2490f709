"""Servers that misbehave, as fixtures."""

import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.support.receivers import DEADLINE_S

Behaviour = Callable[["RawServer", socket.socket], object]


class RawServer:
    """Does `behave(server, connection)` to every connection, then closes it."""

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        #: Connections whose behaviour has ended.
        self.closed = 0
        #: For those who wait for the caller to give up.
        self.over = threading.Event()
        raw_server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                raw_server.connections += 1
                # The caller hangs up, or does not like the certificate.
                with suppress(OSError):
                    if tls is None:
                        behave(raw_server, self.request)
                    else:
                        with tls.wrap_socket(self.request, server_side=True) as connection:
                            behave(raw_server, connection)

            def finish(self) -> None:
                self.request.close()
                raw_server.closed += 1

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def wait(self) -> None:
        """Say nothing until the test is over."""
        self.over.wait(DEADLINE_S)

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def start_server(loopback_allowed):
    """Start servers that are stopped after the test."""
    started = []

    def start(behave: Behaviour, tls: ssl.SSLContext | None = None) -> RawServer:
        started.append(RawServer(behave, tls))
        return started[-1]

    yield start
    for server in started:
        server.close()


def read_request(connection: socket.socket) -> None:
    """Read a request to its end: closing a connection with something unread would reset it."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += _more(connection)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("the caller hung up")
    return received
