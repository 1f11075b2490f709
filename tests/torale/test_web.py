"""The web server and clients that take their time: real sockets and short limits."""

import http.client
import json
import socket
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.support.processes import HALF_A_BODY
from tests.support.receivers import DEADLINE_S, wait_for
from torale.ports import listen
from torale.web import BODY_BYTES, HEAD_BYTES, Channel, Limits, Server, without_bodies_for_head

MEBIBYTE = 1024 * 1024


class Application:
    """Answers by path; keeps what it was asked, and whether its endless stream was closed."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.stream_closed = threading.Event()
        self.may_answer = threading.Event()

    def __call__(self, environ, start_response):
        self.asked.append(environ)
        headers = [("Content-Type", "text/plain")]
        match environ["PATH_INFO"]:
            case "/stream":
                start_response("200 OK", headers)
                return self.stream()
            case "/held":
                assert self.may_answer.wait(DEADLINE_S)
        body = environ["wsgi.input"].read() or environ["PATH_INFO"].encode()
        if environ["PATH_INFO"] == "/large":
            body = b"x" * 5 * MEBIBYTE
        start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def stream(self):
        try:
            while True:
                yield b"x" * 64 * 1024
        finally:
            self.stream_closed.set()


class Web:
    """A server that runs in a thread of the test's."""

    def __init__(self, threads: int, limits: Limits) -> None:
        self.application = Application()
        listener = listen("127.0.0.1", 0)
        self.address = listener.getsockname()
        self.server = Server(self.application, listener, threads=threads, limits=limits)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.clients: list[socket.socket] = []

    def connect(self, sending: bytes = b"", receive_buffer: int | None = None) -> socket.socket:
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(DEADLINE_S)
        client.connect(self.address)
        client.sendall(sending)
        self.clients.append(client)
        return client

    def get(self, path: str) -> bytes:
        client = http.client.HTTPConnection("127.0.0.1", self.address[1], timeout=DEADLINE_S)
        client.request("GET", path)
        body = client.getresponse().read()
        client.close()
        return body

    def close(self) -> None:
        self.application.may_answer.set()
        for client in self.clients:
            client.close()
        self.server.stop()
        self.thread.join()


@pytest.fixture
def start_web():
    started = []

    def start(*, threads=1, **limits) -> Web:
        started.append(Web(threads, Limits(**{"stop_s": 1, **limits})))
        return started[-1]

    yield start
    for web in started:
        web.close()


def answer(client: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer to the connection's end."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, dict(response.getheaders()), response.read()


def refusal(client: socket.socket) -> tuple[int, dict[str, str]]:
    """Return an answer of the server's own, which ends the connection and names no software."""
    status, headers, body = answer(client)
    assert (headers["Content-Type"], headers["Connection"]) == ("application/json", "close")
    assert "Server" not in headers
    assert client.recv(1) == b""
    return status, json.loads(body)


def is_closed(client: socket.socket) -> bool:
    """Tell whether the server has closed the connection, without reading what came before."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def can_connect(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) == 0


def test_the_head_and_the_body_are_sent_at_once(start_web, monkeypatch):
    sent, send = [], Channel.send

    def count(channel, data, **options):
        sent.append(bytes(data))
        return send(channel, data, **options)

    monkeypatch.setattr(Channel, "send", count)

    assert start_web().get("/healthz") == b"/healthz"
    [answer] = sent
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n/healthz")


def test_half_bodies_hold_no_thread(start_web):
    web = start_web(threads=4)
    for _ in range(8):
        web.connect(HALF_A_BODY)

    assert web.get("/healthz") == b"/healthz"


def test_a_body_that_does_not_come_is_refused_after_its_time(start_web):
    web = start_web(request_s=0.2)

    assert refusal(web.connect(HALF_A_BODY)) == (
        408,
        {"detail": "Request timeout: it has to arrive within 0.2 seconds."},
    )
    assert web.application.asked == []


DRIPS = {
    "of headers": (b"GET / HTTP/1.1\r\n", b"X"),
    "of a body": (HALF_A_BODY, b"x"),
    "of chunks": (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize(("begin", "drop"), DRIPS.values(), ids=DRIPS.keys())
def test_a_drip_does_not_hold_a_connection_for_ever(start_web, begin, drop):
    client = start_web(request_s=0.2).connect(begin)

    def drip_on() -> bool:
        if is_closed(client) or client.recv(1, socket.MSG_PEEK):
            return True
        client.sendall(drop)
        return False

    def has_answer() -> bool:
        with suppress(BlockingIOError):
            return drip_on()
        client.sendall(drop)
        return False

    wait_for(has_answer)
    client.settimeout(DEADLINE_S)
    assert refusal(client)[0] == 408


def test_blank_lines_do_not_hold_a_connection_for_ever(start_web):
    client = start_web(idle_s=0.2).connect()

    def drip_blank_lines() -> bool:
        with suppress(ConnectionError, BlockingIOError):
            client.sendall(b"\r\n\r\n\r")
        return is_closed(client)

    wait_for(drip_blank_lines)


def test_a_connection_without_a_request_is_closed_after_its_time(start_web):
    web = start_web(idle_s=0.2)
    silent = web.connect()
    served = web.connect(b"GET /first HTTP/1.1\r\nHost: h\r\n\r\n")

    assert answer(served)[2] == b"/first"
    assert (silent.recv(1), served.recv(1)) == (b"", b"")


def test_an_answer_nobody_reads_holds_no_thread_and_ends(start_web):
    web = start_web(pace_s=0.2)
    client = web.connect(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n", receive_buffer=4096)

    assert web.get("/healthz") == b"/healthz"
    wait_for(lambda: not web.server.active_channels)
    received = 0
    with suppress(ConnectionResetError):
        while data := client.recv(MEBIBYTE):
            received += len(data)
    assert received < MEBIBYTE


def test_a_stream_nobody_reads_gives_its_thread_back(start_web):
    web = start_web(pace_s=1)
    web.connect(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n", receive_buffer=4096)

    assert web.application.stream_closed.wait(DEADLINE_S)
    assert web.get("/healthz") == b"/healthz"


def test_closing_an_idle_connection_does_not_reset_a_new_one_that_gets_its_descriptor():
    listener = listen("127.0.0.1", 0)
    server = Server(Application(), listener, threads=1, limits=Limits(stop_s=1))
    idle, new = socket.socket(), socket.socket()
    with closing(idle), closing(new):
        idle.connect(listener.getsockname())
        server.serve_once()
        [channel] = server.active_channels.values()
        channel.waiting_since -= server.limits.idle_s

        new.connect(listener.getsockname())
        new.sendall(b"GET /new HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=2)):
            server.serve_once()
        server.serve_once()
        server.stop()
        server.run()

        assert is_closed(idle)
        assert answer(new)[2] == b"/new"


def test_a_client_that_reads_slowly_but_steadily_gets_all(start_web):
    web = start_web(pace_s=0.4, pace_bytes=16 * 1024)
    client = web.connect(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n", receive_buffer=64 * 1024)

    begun, received = time.monotonic(), 0
    while received < 5 * MEBIBYTE:
        # As a slow line: a piece every few milliseconds, 2.5 MiB a second.
        received += len(client.recv(64 * 1024, socket.MSG_WAITALL))
        threading.Event().wait(0.025)

    assert time.monotonic() - begun > 2 * 0.4


def test_idle_connections_of_a_stranger_keep_nobody_out(start_web):
    web = start_web(connections=10)
    idle = [web.connect() for _ in range(30)]

    assert web.get("/healthz") == b"/healthz"
    wait_for(lambda: [is_closed(client) for client in idle].count(False) <= 10)
    assert not is_closed(idle[-1])


def test_half_bodies_up_to_the_limit_keep_nobody_out(start_web):
    web = start_web(connections=10)
    for _ in range(30):
        web.connect(HALF_A_BODY)

    assert web.get("/healthz") == b"/healthz"


def test_a_request_that_is_being_answered_is_never_the_one_to_go(start_web):
    web = start_web(connections=2)
    held = web.connect(b"GET /held HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    wait_for(lambda: web.application.asked)
    idle = [web.connect() for _ in range(5)]
    wait_for(lambda: is_closed(idle[0]))

    web.application.may_answer.set()

    assert answer(held)[2] == b"/held"


def test_a_body_that_is_too_large_is_413_also_for_one_who_sends_it_all_first(start_web):
    web = start_web()
    client = web.connect(
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % (8 * MEBIBYTE)
    )
    client.sendall(b"x" * 8 * MEBIBYTE)

    assert refusal(client) == (413, {"detail": "The body may have at most 1 MiB."})
    assert web.application.asked == []


def test_a_refused_client_that_does_not_stop_sending_is_cut_off(start_web):
    web = start_web(linger_s=0.2)
    client = web.connect(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n")

    def send_on() -> bool:
        try:
            client.sendall(b"x" * 1024)
        except ConnectionError:
            return True
        return False

    wait_for(send_on)


def test_a_body_of_the_applications_own_limit_reaches_it(start_web):
    web = start_web()
    body = b"x" * (MEBIBYTE + 1)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    client = web.connect(head % len(body))
    client.sendall(body)

    assert answer(client)[2] == body
    assert len(body) < BODY_BYTES


REFUSED = {
    "headers too large": (
        b"GET / HTTP/1.1\r\nX-Large: " + b"x" * HEAD_BYTES + b"\r\n\r\n",
        (431, "The headers may have at most 32 KiB."),
    ),
    "not HTTP": (b"hello\r\n\r\n", (400, "Bad request: Start line is invalid.")),
    "two lengths": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        (400, "Bad request: Content-Length is invalid."),
    ),
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        (400, "Bad request: Transfer-Encoding and Content-Length exclude each other."),
    ),
    "chunks in HTTP/1.0": (
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        (400, "Bad request: Transfer-Encoding needs HTTP/1.1."),
    ),
    "bare line feed": (
        b"GET / HTTP/1.1\r\nX: 1\nY: 2\r\n\r\n",
        (400, 'Bad request: Bare CR or LF found in header line "X: 1\nY: 2".'),
    ),
    "unknown coding": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        (501, "Not implemented: Transfer-Encoding requested is not supported."),
    ),
}


@pytest.mark.parametrize(("request_", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_server_itself_refuses_has_the_shape_of_the_apis_errors(start_web, request_, told):
    web = start_web()

    status, body = refusal(web.connect(request_))

    assert (status, body) == (told[0], {"detail": told[1]})
    assert web.application.asked == []


def test_requests_sent_together_are_answered_in_order(start_web):
    client = start_web(threads=4).connect(
        b"GET /first HTTP/1.1\r\nHost: h\r\n\r\n"
        b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    )

    received = b""
    while data := client.recv(65536):
        received += data

    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b"/first") < received.index(b"/last")
    assert b"Server:" not in received


def test_what_a_proxy_says_reaches_the_application(start_web):
    web = start_web()
    client = web.connect(
        b"GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
        b"X_Forwarded_For: 192.0.2.66\r\n\r\n"
    )

    assert answer(client)[0] == 200
    (environ,) = web.application.asked
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.1"
    assert environ["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_stop_lets_in_nobody_and_answers_what_is_under_way(start_web):
    web = start_web(stop_s=DEADLINE_S)
    held = web.connect(b"GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
    idle = web.connect()
    wait_for(lambda: web.application.asked)

    web.server.stop()
    wait_for(lambda: not can_connect(web.address))
    web.application.may_answer.set()

    assert answer(held)[2] == b"/held"
    web.thread.join(DEADLINE_S)
    assert not web.thread.is_alive()
    assert idle.recv(1) == b""


def test_a_stop_does_not_wait_for_ever(start_web):
    web = start_web(stop_s=0.1)
    web.connect(b"GET /held HTTP/1.1\r\nHost: h\r\n\r\n")
    wait_for(lambda: web.application.asked)

    web.server.stop()

    web.thread.join(DEADLINE_S)
    assert not web.thread.is_alive()


@pytest.mark.parametrize("path", ["/1", "/stream"])
def test_an_answer_to_head_has_no_body(start_web, path):
    web = start_web()
    client = web.connect(f"HEAD {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())

    received = b"".join(iter(lambda: client.recv(65536), b""))

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.index(b"\r\n\r\n") == len(received) - 4


def test_what_follows_an_answer_to_head_is_the_next_answer(start_web):
    client = start_web().connect(b"HEAD /first HTTP/1.1\r\nHost: h\r\n\r\n")
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(65536)
    assert b"Content-Length: 6\r\n" in head

    client.sendall(b"GET /last HTTP/1.1\r\nHost: h\r\n\r\n")

    assert answer(client)[2] == b"/last"


def test_a_body_that_nobody_is_to_read_is_closed():
    is_closed = threading.Event()

    class Body(list[bytes]):
        def close(self):
            is_closed.set()

    served = without_bodies_for_head(lambda *_: Body())

    assert [*served({"REQUEST_METHOD": "HEAD"}, print)] == []
    assert is_closed.is_set()
