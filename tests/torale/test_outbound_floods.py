"""Servers that answer without end or pause must cost the caller no more than its time-out."""

import asyncio
import time
from datetime import timedelta

import pytest

from tests.support.outbound_requests import (
    HEAD,
    TIMEOUT,
    both_calls,
    both_doors,
    both_loops,
    get,
    saying,
)
from tests.torale.conftest import read_request
from torale.outbound.aiohttp_connections import MAX_INTERIM
from torale.outbound.replies import Failure, Reply, Unreachable

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def flooding(begin: bytes, piece: bytes):
    """Read a request, answer `begin`, and then `piece` for ever."""

    def behave(_server, connection):
        read_request(connection)
        connection.sendall(begin)
        while True:
            connection.sendall(piece * 3000)

    return behave


@both_loops
@both_calls
@pytest.mark.parametrize("piece", [CONTINUE, EARLY_HINTS], ids=["100", "103"])
def test_interim_answers_without_end_are_told_as_malformed(start_server, piece, call, loop_factory):
    server = start_server(flooding(b"", piece))

    with pytest.raises(Unreachable) as error:
        call(f"http://shop.example:{server.port}/", loop_factory=loop_factory)

    assert (error.value.kind, str(error.value)) == (
        Failure.MALFORMED,
        "shop.example sends one interim answer (100 to 199) after another and no final one.",
    )


@both_doors
@both_loops
@pytest.mark.parametrize("piece", [CONTINUE, NO_CONTENT], ids=["interim", "final"])
def test_a_flood_of_answers_does_not_hold_up_another_delivery(
    start_server, http_receiver, piece, open_door, ask, loop_factory
):
    server = start_server(flooding(b"", piece))
    longest_pause = 0.0

    async def watch_the_loop() -> None:
        nonlocal longest_pause
        while True:
            # Not by the clock: a busy machine lets the loop wait.
            before = time.thread_time()
            await asyncio.sleep(0.01)
            longest_pause = max(longest_pause, time.thread_time() - before)

    async def call_both():
        async with open_door() as session:
            watching = asyncio.create_task(watch_the_loop())
            flood = ask(session, f"http://127.0.0.1:{server.port}/", seconds=1)
            other = ask(session, http_receiver.url, seconds=1)
            answers = await asyncio.gather(flood, other, return_exceptions=True)
            watching.cancel()
            return answers[1]

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        reply = runner.run(call_both())

    assert isinstance(reply, Reply)
    assert reply.status == 204
    assert longest_pause < 0.5


@both_calls
@both_loops
def test_a_few_interim_answers_are_fine(start_server, call, loop_factory):
    server = start_server(
        saying(CONTINUE, EARLY_HINTS * (MAX_INTERIM - 1), HEAD + b"Content-Length: 2\r\n\r\nok")
    )

    reply = call(f"http://shop.example:{server.port}/", loop_factory=loop_factory)

    assert (reply.status, reply.body, reply.truncated) == (200, b"ok", False)


@both_doors
def test_interim_answers_are_counted_for_each_exchange_anew(start_server, open_door, ask):
    def behave(_server, connection):
        for _ in range(3):
            read_request(connection)
            connection.sendall(EARLY_HINTS * MAX_INTERIM + NO_CONTENT)

    server = start_server(behave)

    async def call() -> list[int]:
        async with open_door() as session:
            url = f"http://127.0.0.1:{server.port}/"
            return [(await ask(session, url)).status for _ in range(3)]

    assert asyncio.run(call()) == [204, 204, 204]
    assert server.connections == 1


@both_doors
def test_an_answer_nobody_asked_for_ends_the_connection(start_server, open_door, ask):
    def behave(_server, connection):
        while True:
            read_request(connection)
            connection.sendall(NO_CONTENT + HEAD + b"Content-Length: 6\r\n\r\nforged")

    server = start_server(behave)

    async def call() -> list[int]:
        async with open_door() as session:
            url = f"http://127.0.0.1:{server.port}/"
            return [(await ask(session, url)).status for _ in range(2)]

    assert asyncio.run(call()) == [204, 204]
    assert server.connections == 2


BODIES = {
    "tiny chunks": (CHUNKED, b"1\r\nx\r\n"),
    "chunk extensions": (CHUNKED, b"1;name=value\r\nx\r\n"),
    "no end": (HEAD + b"\r\n", b"x"),
}


@both_loops
@pytest.mark.parametrize(("begin", "piece"), BODIES.values(), ids=BODIES.keys())
def test_a_page_without_end_ends_at_the_time_out(start_server, begin, piece, loop_factory):
    server = start_server(flooding(begin, piece))

    begun = time.thread_time()
    with pytest.raises(Unreachable) as error:
        get(
            f"http://shop.example:{server.port}/",
            timeout=timedelta(seconds=0.3),
            max_bytes=10**9,
            loop_factory=loop_factory,
        )

    assert (error.value.kind, str(error.value)) == TIMEOUT
    assert time.thread_time() - begun < 2


HEADS = {
    "headers": (HEAD, b"X: y\r\n"),
    "one header": (HEAD + b"X: ", b"y"),
    "the status": (b"HTTP/1.1 200 ", b"x"),
}


@both_calls
@both_loops
@pytest.mark.parametrize(("begin", "piece"), HEADS.values(), ids=HEADS.keys())
def test_a_head_without_end_is_told_as_malformed(start_server, begin, piece, call, loop_factory):
    server = start_server(flooding(begin, piece))

    with pytest.raises(Unreachable) as error:
        call(f"http://shop.example:{server.port}/", loop_factory=loop_factory)

    assert error.value.kind == Failure.MALFORMED
