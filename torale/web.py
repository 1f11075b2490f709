"""The web server: waitress, with limits on slow clients, which it lacks.

Waitress reads requests and writes answers on one thread, the loop, and runs the application on
other threads. So a client that sends slowly occupies none of those, and a client that reads slowly
occupies one only while more than OUTPUT_BYTES of its answer are waiting.
"""

import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest

from torale.api.parsers import BodyTooLarge

#: The largest body in bytes. It is above the application's limit of 1 MiB, which error messages
#: name.
BODY_BYTES: Final = 1024 * 1024 + 64 * 1024
#: The longest head of a request in bytes.
HEAD_BYTES: Final = 32 * 1024
#: How many bytes of an answer may wait for its client before the application has to wait, too.
OUTPUT_BYTES: Final = 16 * 1024 * 1024
#: How many bytes of an answer the kernel buffers. By default this grows to megabytes, and then we
#: cannot see whether the client still reads.
SEND_BUFFER_BYTES: Final = 128 * 1024

#: A WSGI application (PEP 3333) that calls `start_response` before it returns, as Django does.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a client may take, in seconds, and how many there may be."""

    #: From a request's first byte to its last.
    request_s: float = 30
    #: How long a connection may be without a request. Proxies keep theirs for about a minute.
    idle_s: float = 75
    #: In this time, a client must take at least `pace_bytes` of an answer that waits for it.
    pace_s: float = 30
    pace_bytes: int = 64 * 1024
    #: How long a refused client may take to read why; what else it sends is thrown away.
    linger_s: float = 5
    #: Connections open at a time. Well below the 1,024 files that a process may usually have open.
    connections: int = 500
    #: From `stop` until the answers under way are abandoned.
    stop_s: float = 15


class RequestTimeout(BadRequest):
    """The request did not arrive in time."""

    code = 408
    reason = "Request Timeout"


class Parser(HTTPRequestParser):
    """Reads one request."""

    def __init__(self, adj: Adjustments) -> None:
        super().__init__(adj)
        self.begun_at = time.monotonic()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has arrived except blank lines, which may precede a request."""
        return not self.headers_finished and not self.header_plus.strip()

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head, and refuse one that a proxy may have understood differently.

        Raises:
            ParsingError: the length of the body is ambiguous (RFC 9112 §6.1, §6.3), so what
                follows could be a request that the proxy has not seen.
        """
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Transfer-Encoding and Content-Length exclude each other")
        if "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("Transfer-Encoding needs HTTP/1.1")

    def received(self, data: bytes) -> int:
        """Parse what has arrived; do not ask a client to continue a request that is refused."""
        consumed: int = super().received(data)
        if self.error:
            self.expect_continue = False
        return consumed

    def refuse(self, error: BadRequest) -> None:
        """Turn this into a complete request that is answered with `error`."""
        if not self.headers_finished:
            self.parse_header(b"GET / HTTP/1.0\r\n")
        self.error = error
        self.completed = True


class Task(WSGITask):
    """Has the application answer one request."""

    wrote_header: bool  # waitress does not say

    def write(self, data: bytes) -> None:
        """Write a part of the body. A body of one part is sent together with the head.

        Two writes would be two system calls and two packets. During each call, other threads take
        the interpreter's lock, and getting it back costs more than the call itself.
        """
        if self.wrote_header or not self.has_body or len(data) != self.content_length:
            super().write(data)
        else:
            self.channel.write_soon(self.build_response_header() + data)
            self.wrote_header = True
            self.content_bytes_written = len(data)

    def finish(self) -> None:
        """End the answer; an answer to HEAD has only a head (RFC 9110 §9.3.2)."""
        if self.request.command == "HEAD":
            self.write(b"")  # writes the head, which waits for the beginning of the body
            self.chunked_response = False
        super().finish()


class Refusal(ErrorTask):
    """Answers a request that the server itself refuses, in the form of the API's errors."""

    def execute(self) -> None:
        """Write the answer; the connection is closed after it."""
        error = self.request.error
        sentences = {
            413: BodyTooLarge.default_detail,
            431: f"The headers may have at most {HEAD_BYTES // 1024} KiB.",
            500: "Internal server error",
        }
        sentence = sentences.get(
            error.code, f"{error.reason.capitalize()}: {error.body.rstrip('.')}."
        )
        body = orjson.dumps({"detail": sentence})
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """A connection; `Server` checks it every second."""

    parser_class = Parser
    task_class = Task
    error_task_class = Refusal
    #: The request that is arriving.
    request: Parser | None

    def __init__(self, server: "Server", sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(server, sock, *args, **options)
        #: Since when the server has been waiting for the client to send a request.
        self.waiting_since = time.monotonic()
        self._is_refused = False
        self._is_half_closed = False
        self._bytes_taken = 0
        self._pace_seen: tuple[float, int] | None = None

    @property
    def waits_for_client(self) -> bool:
        """Whether no request of this connection is being answered or queued."""
        return not self.requests

    def service(self) -> None:
        """Answer one request; runs on one of the application's threads."""
        self._is_refused = self.requests[0].error is not None
        super().service()
        self.waiting_since = time.monotonic()

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 - waitress's
        """Send as much as the kernel accepts, and count it."""
        sent: int = super().send(data, do_close)
        self._bytes_taken += sent
        return sent

    def readable(self) -> bool:
        """Return whether the loop should read."""
        return self._is_half_closed or bool(super().readable())

    def writable(self) -> bool:
        """Return whether the loop should write, or close."""
        return not self._is_half_closed and bool(super().writable())

    def handle_write(self) -> None:
        """Write; after a refusal, keep reading for a while instead of closing.

        If a connection is closed while something is unread, it is reset, and a client that is still
        sending loses the answer (RFC 9112 §9.6). `received` drops what arrives.
        """
        if self._is_refused and self.close_when_flushed and not self.total_outbufs_len:
            self._is_half_closed = True
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.handle_close()
        else:
            super().handle_write()

    def look_after(self, now: float, limits: Limits) -> None:
        """Close the connection or refuse the request if its client has taken too long.

        Closing is not left to the loop, as waitress would do: the loop closes a socket once it can
        write to it, which is never the case while the client does not read.
        """
        if self.total_outbufs_len:
            self.waiting_since = now
            if (
                self._pace_seen is None
                or self._bytes_taken - self._pace_seen[1] >= limits.pace_bytes
            ):
                self._pace_seen = (now, self._bytes_taken)
            elif now - self._pace_seen[0] > limits.pace_s:
                self.handle_close()
            return
        self._pace_seen = None
        if not self.waits_for_client:
            return
        if self._is_half_closed:
            if now - self.waiting_since > limits.linger_s:
                self.handle_close()
        elif self.request is None or self.request.is_empty:
            if now - self.waiting_since > limits.idle_s:
                self.handle_close()
        # Nothing is read while an answer is being made, so the client is not charged for that time.
        elif now - max(self.request.begun_at, self.waiting_since) > limits.request_s:
            late, self.request = self.request, None
            late.refuse(RequestTimeout(f"it has to arrive within {limits.request_s:g} seconds"))
            self.requests.append(late)
            self.server.add_task(self)


def without_bodies_for_head(application: Application) -> Application:
    """Return `application` without bodies in answers to HEAD; Django and waitress keep them.

    A streamed body is closed without being produced.
    """

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


class Server(TcpWSGIServer):
    """Serves `application` to all who connect to `listener`, until `stop`.

    Args:
        application: the WSGI application.
        listener: a socket that is listening.
        threads: how many threads run the application.
        limits: the limits on clients.
        beat: called each time that the loop turns, which it does at least every second.
    """

    channel_class = Channel

    def __init__(
        self,
        application: Application,
        listener: socket.socket,
        *,
        threads: int,
        limits: Limits = Limits(),
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.limits = limits
        self._beat = beat
        self._stop_by: float | None = None
        self._is_check_due = False
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        super().__init__(
            without_bodies_for_head(application),
            _sock=listener,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
            adj=Adjustments(
                sockets=[listener],
                threads=threads,
                ident=None,
                # TORALE_PROXIES and Django's settings, not waitress, decide which are trusted.
                clear_untrusted_proxy_headers=False,
                # One connection more than `handle_accept` allows, the listener, and the pipe that
                # wakes the loop. The limit is reached only while all connections are being served.
                connection_limit=limits.connections + 3,
                cleanup_interval=1,
                max_request_header_size=HEAD_BYTES,
                max_request_body_size=BODY_BYTES,
                inbuf_overflow=64 * 1024,  # a body beyond this is kept in a file
                outbuf_high_watermark=OUTPUT_BYTES,
                log_socket_errors=False,  # a client that hangs up is not our error
                asyncore_use_poll=True,
            ),
        )

    def handle_accept(self) -> None:
        """Accept a client; if there are then too many, close the one that has waited longest.

        So connections that somebody opens and leaves idle cannot keep others out.
        """
        super().handle_accept()
        channels = self.active_channels.values()
        if len(channels) > self.limits.connections:
            waiting = [channel for channel in channels if channel.waits_for_client]
            if waiting:
                min(waiting, key=lambda channel: channel.waiting_since).handle_close()

    def maintenance(self, now: float) -> None:
        """Note that the connections are to be checked; the loop calls this once a second.

        They are not checked here, because the loop is collecting the descriptors to poll. It would
        poll one that is closed now, and close the new connection that is given the same descriptor.
        """
        self._is_check_due = True

    def stop(self) -> None:
        """Accept no more connections, and end when the requests under way have been answered.

        May be called by a signal handler.
        """
        if self._stop_by is None:
            # In this order: once the time is set, the loop may end and close the pipe that wakes
            # it. If the loop goes to sleep before the time is set, it wakes by itself a second
            # later.
            self.pull_trigger()
            self._stop_by = time.monotonic() + self.limits.stop_s

    def serve_once(self) -> None:
        """Wait, at most a second, until sockets are ready, and serve those."""
        self._beat()
        wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
        if self._is_check_due:
            self._is_check_due = False
            for channel in list(self.active_channels.values()):
                channel.look_after(time.monotonic(), self.limits)

    def run(self) -> None:
        """Serve until `stop`."""
        while self._stop_by is None:
            self.serve_once()
        wasyncore.dispatcher.close(self)
        while self._is_busy() and time.monotonic() < self._stop_by:
            self.serve_once()
        self.task_dispatcher.shutdown(timeout=1)
        for channel in list(self.active_channels.values()):
            channel.handle_close()
        self.trigger.close()

    def _is_busy(self) -> bool:
        return any(
            channel.requests or channel.total_outbufs_len
            for channel in self.active_channels.values()
        )
