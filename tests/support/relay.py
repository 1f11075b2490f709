"""An address on loopback that leads to a server, and later to another one."""

import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

#: Where a relay leads to: the path of a socket, or a port of 127.0.0.1.
Target = Path | int


class Relay:
    """Passes on what it gets. Connections stay with the target that they were opened to."""

    def __init__(self, target: Target) -> None:
        #: Where new connections go. None accepts and closes them, as a server that is away does.
        self.target: Target | None = target
        self._open: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # A side that hangs up, or is not there, ends both.
                with suppress(OSError):
                    relay._pass_on(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def cut(self) -> None:
        """Close all connections."""
        for end in [*self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """Keep all connections, and pass on nothing more, as a server that is frozen."""
        self._flows.clear()

    def close(self) -> None:
        """Close all, and the address."""
        self._flows.set()
        self._server.shutdown()
        self.cut()
        self._server.server_close()
        self._thread.join()

    def _pass_on(self, client: socket.socket) -> None:
        if self.target is None:
            return
        with _connect(self.target) as server, selectors.DefaultSelector() as ready:
            others = {client: server, server: client}
            self._open |= {*others}
            try:
                for end, other in others.items():
                    ready.register(end, selectors.EVENT_READ, (end, other))
                while True:
                    for key, _ in ready.select():
                        self._flows.wait()
                        end, other = key.data
                        if not (received := end.recv(65536)):
                            return
                        other.sendall(received)
            finally:
                self._open -= {*others}


def _connect(target: Target) -> socket.socket:
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target))
    with ExitStack() as stack:
        connected = stack.enter_context(socket.socket(socket.AF_UNIX))
        connected.connect(str(target))
        stack.pop_all()
        return connected


@contextmanager
def relay_to(target: Target) -> Iterator[Relay]:
    """Run a relay."""
    relay = Relay(target)
    try:
        yield relay
    finally:
        relay.close()
