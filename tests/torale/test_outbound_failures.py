"""No answer from another server: each kind in its own words."""

import asyncio
import os
import resource
import socket
import threading
from datetime import timedelta
from ipaddress import ip_network

import pytest

from tests.support.outbound_requests import (
    NO_PUBLIC_ADDRESS,
    TIMEOUT,
    TIMEOUT_OF,
    Names,
    both_calls,
    both_doors,
    both_loops,
    resetting,
    saying,
    send_to,
)
from tests.support.receivers import HTTPAnswer, wait_for
from torale.outbound.replies import Failure, Unreachable

RESET = (Failure.RESET, "shop.example closed the connection without an answer.")
MALFORMED = (
    Failure.MALFORMED,
    "The answer of shop.example is not valid HTTP, or its headers are too large.",
)

NO_ANSWER = {
    "closes": (saying(), RESET),
    "resets": (resetting, RESET),
    "closes within the headers": (saying(b"HTTP/1.1 200 OK\r\nContent-Le"), RESET),
    "speaks SMTP": (saying(b"220 mail.example ESMTP\r\n\r\n"), MALFORMED),
    "status is a word": (saying(b"HTTP/1.1 yes OK\r\n\r\n"), MALFORMED),
    "header too large": (
        saying(b"HTTP/1.1 200 OK\r\nX-Large: " + b"x" * 17_000 + b"\r\n\r\n", wait=True),
        MALFORMED,
    ),
    "two lengths": (
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        MALFORMED,
    ),
    "silent": (saying(wait=True), TIMEOUT),
    "silent after a header": (saying(b"HTTP/1.1 200 OK\r\nX-Slow: ", wait=True), TIMEOUT),
}


@both_loops
@both_calls
@pytest.mark.parametrize(("behave", "told"), NO_ANSWER.values(), ids=NO_ANSWER.keys())
def test_no_answer_is_told_by_kind_and_sentence(start_server, behave, told, call, loop_factory):
    server = start_server(behave)

    with pytest.raises(Unreachable) as error:
        call(
            f"http://shop.example:{server.port}/",
            timeout=TIMEOUT_OF.get(told[0], timedelta(seconds=10)),
            loop_factory=loop_factory,
        )

    assert (error.value.kind, str(error.value)) == told


@both_calls
@both_loops
@pytest.mark.usefixtures("loopback_allowed")
def test_a_port_where_nothing_listens_is_told_as_refused(call, loop_factory):
    with socket.socket() as bound:  # so that nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]

        with pytest.raises(Unreachable) as error:
            call(f"http://shop.example:{port}/", loop_factory=loop_factory)

    assert error.value.kind == Failure.REFUSED
    assert str(error.value) == f"The connection to shop.example:{port} was refused."


@both_calls
@both_loops
def test_a_host_without_a_way_to_it_is_told_as_no_connection(settings, call, loop_factory):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = (ip_network("255.255.255.255/32"),)

    with pytest.raises(Unreachable) as error:
        call(
            "http://shop.example/",
            resolver=Names(shop_example=[["255.255.255.255"]]),
            loop_factory=loop_factory,
        )

    assert error.value.kind == Failure.REFUSED
    assert str(error.value) == "No connection to shop.example:80 could be made."


@both_calls
@both_loops
def test_an_unknown_name_is_told_as_a_failure_of_dns(call, loop_factory):
    with pytest.raises(Unreachable) as error:
        call("https://nobody.example/", loop_factory=loop_factory)

    assert error.value.kind == Failure.DNS
    assert str(error.value) == NO_PUBLIC_ADDRESS.format("nobody.example")


@pytest.mark.usefixtures("loopback_allowed")
def test_an_onion_name_that_a_resolver_knows_is_not_told_as_a_fault_of_our_own():
    # libcurl refuses these names even with an address (RFC 7686 §2).
    with pytest.raises(Unreachable) as error:
        send_to("http://abc.onion/", resolver=Names(abc_onion=[["127.0.0.1"]]))

    assert error.value.kind == Failure.DNS
    assert str(error.value) == NO_PUBLIC_ADDRESS.format("abc.onion")


@both_doors
@both_loops
def test_a_name_that_the_system_does_not_know_is_told_as_a_failure_of_dns(
    open_door, ask, loop_factory
):
    async def call() -> None:
        async with open_door() as session:
            # RFC 6761 §6.4: no server knows a name below .invalid.
            await ask(session, "http://nobody.invalid/", seconds=30)

    with asyncio.Runner(loop_factory=loop_factory) as runner, pytest.raises(Unreachable) as error:
        runner.run(call())

    assert error.value.kind == Failure.DNS
    assert str(error.value) == NO_PUBLIC_ADDRESS.format("nobody.invalid")


@both_doors
@both_loops
def test_a_name_that_the_system_knows_is_called(http_receiver, open_door, ask, loop_factory):
    port = http_receiver.server.server_port

    async def call():
        async with open_door() as session:
            return await ask(session, f"http://localhost:{port}/")

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        reply = runner.run(call())

    assert reply.status == 204
    assert http_receiver.requests[0].headers["host"] == f"localhost:{port}"


@both_doors
def test_waiting_for_a_free_connection_counts_as_waiting_for_the_answer(
    http_receiver, open_door, ask
):
    stall = threading.Event()
    http_receiver.answers = [HTTPAnswer(stall=stall)]

    async def call_two():
        async with open_door(limit=1) as session:
            first = asyncio.create_task(ask(session, http_receiver.url))
            await asyncio.to_thread(wait_for, lambda: http_receiver.requests)
            with pytest.raises(Unreachable) as error:
                await ask(session, http_receiver.url, seconds=0.2)
            assert str(error.value) == "No answer from 127.0.0.1 within 0.2 s."
            stall.set()
            return await first

    assert asyncio.run(call_two()).status == 204
    assert len(http_receiver.requests) == 1


@both_doors
def test_a_fault_of_our_own_is_not_blamed_on_the_other_server(http_receiver, open_door, ask):
    _, hard_limit = limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def call() -> None:
        async with open_door() as session:
            with socket.socket() as last:
                lowest_free = last.fileno()
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard_limit))
            try:
                await ask(session, http_receiver.url)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with pytest.raises(OSError, match=os.strerror(24)):
        asyncio.run(call())
    assert http_receiver.requests == []
