"""Delivering to other servers: what they get, and what is kept of their answer."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pycurl
import pytest

from tests.support.outbound_requests import (
    HEAD,
    ask_by_exchange,
    both_doors,
    both_loops,
    endless,
    open_curl,
    saying,
    send_to,
)
from tests.support.receivers import DEADLINE_S, HTTPAnswer, wait_for
from tests.torale.conftest import read_request
from torale.outbound.replies import Failure, Reply, Unreachable


def test_a_request_carries_what_it_was_given_and_little_else(http_receiver, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login olive password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    port = http_receiver.server.server_port

    send_to(
        f"http://shop.example:{port}/a%2Fb?c=d+e%2Bf",
        method="PUT",
        headers={"Content-Type": "application/json", "X-Token": "s3cret"},
        body=b'{"a": 1}',
    )

    (request,) = http_receiver.requests
    assert (request.method, request.path, request.body) == ("PUT", "/a%2Fb?c=d+e%2Bf", b'{"a": 1}')
    assert request.headers == {
        "host": f"shop.example:{port}",
        "user-agent": "Torale (+http://localhost:8000)",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": "8",
        "x-token": "s3cret",
    }


def test_a_header_with_a_line_break_is_not_sent(http_receiver):
    with pytest.raises(ValueError, match="Forbidden control character"):
        send_to(http_receiver.url, headers={"X-Token": "a\r\nX-Other: b"})

    assert http_receiver.requests == []


def test_an_answer_in_an_encoding_that_was_not_asked_for_is_malformed(start_server):
    encoded = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    server = start_server(saying(encoded))

    with pytest.raises(Unreachable) as error:
        send_to(f"http://shop.example:{server.port}/")

    assert error.value.kind == Failure.MALFORMED


def test_a_receivers_cookie_is_not_sent_back(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, headers={"Set-Cookie": "id=1; Path=/"})]

    for _ in range(2):
        send_to(f"http://shop.example:{http_receiver.server.server_port}/")

    assert ["cookie" in request.headers for request in http_receiver.requests] == [False, False]


@both_doors
def test_one_connection_serves_two_requests(start_server, open_door, ask):
    def answer_twice(_server, connection):
        for _ in range(2):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server = start_server(answer_twice)

    async def call_twice() -> list[bytes]:
        async with open_door() as session:
            url = f"http://127.0.0.1:{server.port}/"
            return [(await ask(session, url)).body for _ in range(2)]

    assert asyncio.run(call_twice()) == [b"ok", b"ok"]
    assert server.connections == 1


@both_doors
def test_a_kept_connection_that_was_closed_meanwhile_is_not_used(start_server, open_door, ask):
    def answer_once(server, connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server = start_server(answer_once)

    async def call_twice() -> list[bytes]:
        async with open_door() as session:
            url = f"http://127.0.0.1:{server.port}/"
            first = await ask(session, url)
            await asyncio.to_thread(wait_for, lambda: server.closed)
            return [first.body, (await ask(session, url)).body]

    assert asyncio.run(call_twice()) == [b"ok", b"ok"]
    assert server.connections == 2


def test_a_kept_connection_that_closes_without_an_answer_is_replaced_once(start_server):
    requests = []

    def answer_once(server, connection):
        read_request(connection)
        requests.append(connection)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        read_request(connection)
        requests.append(connection)

    server = start_server(answer_once)

    async def call_twice() -> list[int]:
        async with open_curl() as session:
            url = f"http://127.0.0.1:{server.port}/"
            return [(await ask_by_exchange(session, url)).status for _ in range(2)]

    assert asyncio.run(call_twice()) == [204, 204]
    assert (server.connections, len(requests)) == (2, 3)


@both_doors
@pytest.mark.parametrize(
    "late", [b"{}", HEAD + b"Content-Length: 4\r\n\r\nlate"], ids=["body", "answer"]
)
def test_what_arrives_on_an_idle_connection_is_not_the_next_answer(
    start_server, open_door, ask, late
):
    """Though it arrives just before the next request, and says that it is an answer."""
    both = threading.Barrier(2, timeout=DEADLINE_S)

    def say_too_much(server, connection):
        read_request(connection)
        connection.sendall(HEAD + b"Content-Length: 4\r\n\r\nthis")
        both.wait()  # until the answer has been read
        connection.sendall(late)
        both.wait()
        read_request(connection)

    server = start_server(say_too_much)

    async def call_three_times() -> list[bytes]:
        async with open_door() as session:
            bodies = []
            for _ in range(3):
                bodies.append((await ask(session, f"http://127.0.0.1:{server.port}/")).body)
                await asyncio.to_thread(both.wait)
                await asyncio.to_thread(both.wait)
            return bodies

    assert asyncio.run(call_three_times()) == [b"this"] * 3
    assert server.connections == 3


@both_doors
def test_a_cancelled_request_leaves_the_session_usable(start_server, open_door, ask):
    def stall_first(server, connection):
        read_request(connection)
        if server.connections == 1:
            assert connection.recv(1) == b""  # the caller hangs up
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    server = start_server(stall_first)

    async def call():
        async with open_door(limit=1) as session:
            url = f"http://127.0.0.1:{server.port}/"
            cancelled = asyncio.create_task(ask(session, url))
            await asyncio.to_thread(wait_for, lambda: server.connections)
            cancelled.cancel()
            await asyncio.wait([cancelled])
            await asyncio.to_thread(wait_for, lambda: server.closed)
            return (await ask(session, url)).body

    assert asyncio.run(call()) == b"ok"


def test_closing_a_session_cancels_its_requests(start_server):
    def stall(server, connection):
        read_request(connection)
        assert connection.recv(1) == b""  # the caller hangs up

    server = start_server(stall)

    async def call():
        async with open_curl(limit=1) as session:
            calling = asyncio.create_task(
                ask_by_exchange(session, f"http://127.0.0.1:{server.port}/")
            )
            await asyncio.to_thread(wait_for, lambda: server.connections)
        await asyncio.wait([calling])
        return calling.cancelled()

    assert asyncio.run(call())
    wait_for(lambda: server.closed)


def test_if_libcurl_cannot_go_on_no_request_waits_for_ever(http_receiver, monkeypatch):
    class OutOfMemory(pycurl.CurlMulti):
        def socket_action(self, fd, ready):
            raise pycurl.error(pycurl.E_MULTI_OUT_OF_MEMORY, "out of memory")

    monkeypatch.setattr(pycurl, "CurlMulti", OutOfMemory)

    with pytest.raises(pycurl.error, match="out of memory"):
        send_to(http_receiver.url)


def test_an_empty_header_is_sent(http_receiver):
    send_to(http_receiver.url, headers={"X-Empty": ""})

    assert http_receiver.requests[0].headers["x-empty"] == ""


def test_an_answer_is_returned_as_it_came(http_receiver):
    http_receiver.answers = [HTTPAnswer(503, b"later", {"Retry-After": "60", "X-City": "München"})]

    reply = send_to(http_receiver.url)

    del reply.headers["date"], reply.headers["server"]
    assert replace(reply, duration_ms=0) == Reply(
        url=http_receiver.url,
        status=503,
        # Python's server sends Latin-1.
        headers={"retry-after": "60", "x-city": "M\ufffdnchen", "content-length": "5"},
        body=b"later",
        truncated=False,
        duration_ms=0,
    )
    assert 0 <= reply.duration_ms < 10_000


def test_a_redirect_is_an_answer_like_any_other(http_receiver):
    http_receiver.answers = [HTTPAnswer(302, headers={"Location": "/elsewhere"})]

    reply = send_to(http_receiver.url)

    assert (reply.status, reply.headers["location"]) == (302, "/elsewhere")
    assert len(http_receiver.requests) == 1


BODIES = {
    "none": (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), b"", False),
    "as long as is read": (
        saying(HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 100),
        b"x" * 100,
        False,
    ),
    "one byte longer": (
        saying(HEAD + b"Content-Length: 101\r\n\r\n" + b"x" * 101),
        b"x" * 100,
        True,
    ),
    "endless": (endless, b"x" * 100, True),
    "until the connection closes": (saying(HEAD + b"\r\nbye"), b"bye", False),
    "breaks off": (saying(HEAD + b"Content-Length: 100\r\n\r\npart"), b"part", True),
    "breaks off within a chunk": (
        saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\npart"),
        b"part",
        True,
    ),
    "stops": (saying(HEAD + b"Content-Length: 100\r\n\r\npart", wait=True), b"part", True),
    "compressed": (
        saying(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"),
        b"\x1f\x8b\x08\x00",
        False,
    ),
}


@both_loops
@pytest.mark.parametrize(("behave", "body", "truncated"), BODIES.values(), ids=BODIES.keys())
def test_once_the_status_has_come_the_beginning_of_the_body_is_enough(
    start_server, behave, body, truncated, loop_factory
):
    server = start_server(behave)

    reply = send_to(
        f"http://shop.example:{server.port}/",
        timeout=timedelta(seconds=1),
        loop_factory=loop_factory,
    )

    assert (reply.body, reply.truncated) == (body, truncated)
    assert reply.status in (200, 204)


def head_with(*headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 204 No Content", *headers, b"", b""])


KEPT = {
    "repeated": (
        head_with(b"Vary: Accept", b"vary: Cookie"),
        {"vary": "Accept, Cookie"},
    ),
    "not text": (head_with(b"X-Raw: \xff"), {"x-raw": "\ufffd"}),
    "UTF-8": (head_with("X-City: München".encode()), {"x-city": "München"}),
    "very many": (
        head_with(*(b"X-%d: %d" % (number, number) for number in range(100))),
        {f"x-{number}": str(number) for number in range(64)},
    ),
    "one too much": (
        head_with(b"X-Small: 1", b"X-Large: " + b"x" * 9_000, b"X-Last: 2"),
        {"x-small": "1", "x-last": "2"},
    ),
    "together too much": (
        head_with(*(name + b": " + b"x" * 4_000 for name in (b"X-A", b"X-B", b"X-C"))),
        {"x-a": "x" * 4_000, "x-b": "x" * 4_000},
    ),
}


@pytest.mark.parametrize(("answer", "headers"), KEPT.values(), ids=KEPT.keys())
def test_of_the_headers_as_much_is_kept_as_a_record_can_hold(start_server, answer, headers):
    server = start_server(saying(answer))

    assert send_to(f"http://shop.example:{server.port}/").headers == headers
