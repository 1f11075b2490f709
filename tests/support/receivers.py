"""Real servers on loopback, as fixtures: one for HTTP, one for SMTP."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

T = TypeVar("T")

#: Seconds that a test waits for an event that must come.
DEADLINE_S = 120


def wait_for(condition: Callable[[], T]) -> T:
    """Return the first truthy value of `condition()`. Fail the test if there is none in time."""
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < end, f"the condition was not met within {DEADLINE_S} s"
        time.sleep(0.01)
    return value


@dataclass
class Request:
    """A request that an HTTP receiver got."""

    method: str
    path: str
    #: The headers by lower-case name.
    headers: dict[str, str]
    body: bytes


@dataclass
class HTTPAnswer:
    """An HTTP receiver's answer. It is sent once `stall`, if given, is set."""

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stall: threading.Event | None = None


class HTTPReceiver:
    """An HTTP server that stores every request.

    It gives its `answers` in turn and repeats the last one. If `judge` is set, it is called with
    the request and returns the answer instead.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers = [HTTPAnswer()]
        self.judge: Callable[[Request], HTTPAnswer] | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                receiver.requests.append(request)
                answers = receiver.answers
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                if receiver.judge:
                    answer = receiver.judge(request)
                if answer.stall:
                    answer.stall.wait(DEADLINE_S)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """Ignore errors: in many tests the client closes the connection early."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def http_receiver(loopback_allowed) -> Iterator[HTTPReceiver]:
    receiver = HTTPReceiver()
    yield receiver
    receiver.close()


class SMTPController(Controller):
    """A Controller that accepts port 0, and closes its clients' connections when it stops."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.served: list[SMTP] = []
        super().__init__(*args, **options)

    def factory(self) -> SMTP:
        self.served.append(super().factory())
        return self.served[-1]

    def stop(self, *args: Any, **options: Any) -> None:
        """Stop and close all connections: the garbage collector would warn of open ones later."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(DEADLINE_S)
        super().stop(*args, **options)

    async def _hang_up(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        # Accept no more, but do not close the server: it would leave a connection open that has
        # been accepted in this moment. Let the loop run a few times, until new connections have a
        # transport and all are closed.
        for listening in self.server.sockets:
            self.loop.remove_reader(listening.fileno())
        for _ in range(10):
            for smtp in self.served:
                if isinstance(smtp.transport, asyncio.WriteTransport):
                    smtp.transport.abort()
            await asyncio.sleep(0)

    def _trigger_server(self) -> None:
        # The port on which the server really listens.
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class SMTPReceiver:
    """An SMTP server that stores every message.

    It answers RCPT with `replies[address]` if there is one, and accepts all other recipients.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.replies: dict[str, str] = {}
        self.connections = 0
        #: If given, messages are accepted only once it is set.
        self.stall: threading.Event | None = None
        self.controller = SMTPController(self, hostname="127.0.0.1", port=0)
        self.controller.start()
        self.port: int = self.controller.port

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        if self.stall:
            await asyncio.to_thread(self.stall.wait, DEADLINE_S)
        return "250 Message accepted"

    def close(self) -> None:
        self.controller.stop()


@pytest.fixture
def smtp_receiver(settings) -> Iterator[SMTPReceiver]:
    receiver = SMTPReceiver()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", receiver.port
    yield receiver
    receiver.close()
