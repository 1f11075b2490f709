"""Calls through the guarded door, and servers for them to call."""

import asyncio
import socket
import ssl
import struct
from contextlib import contextmanager
from datetime import timedelta

import pytest
import uvloop
from aiohttp.abc import AbstractResolver

from tests.torale.conftest import read_request
from torale.outbound.aiohttp_sessions import open_session as open_session_
from torale.outbound.curl_sessions import CurlSession
from torale.outbound.exchange import exchange
from torale.outbound.fetch import fetch
from torale.outbound.replies import Failure, Reply
from torale.outbound.url_check import networks_of

NOT_PUBLIC = "{} is not a public address. Allow its network with TORALE_WEBHOOK_ALLOW_PRIVATE."

#: The error for unknown names and for names with private addresses. It is the same for both, so
#: that nobody can map our own network.
NO_PUBLIC_ADDRESS = (
    "No public address of the host {} was found. "
    "An operator can allow private networks with TORALE_WEBHOOK_ALLOW_PRIVATE."
)


class Names(AbstractResolver):
    """A resolver with fixed answers.

    `answers[name]` is a list of answers, each a list of addresses. They are given in turn, and the
    last one is repeated. All other names are unknown.
    """

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self.answers[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST,
            }
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def networks_of_anyone():
    return networks_of(email="owner@example.com", is_staff=False)


def open_session(*, limit=10, **options):
    return open_session_(limit=limit, networks=networks_of_anyone(), **options)


def open_curl(*, limit=10, **options):
    return CurlSession(limit=limit, networks=networks_of_anyone(), **options)


def shop_resolver():
    """Return a resolver for shop.example, the servers' name: no message may show their address."""
    return Names(shop_example=[["127.0.0.1"]])


def send_to(url, *, resolver=None, tls=None, loop_factory=None, method="POST", **options):
    """Exchange one request, with defaults for options that do not matter to the test."""
    options = {
        "headers": {},
        "body": b"{}",
        "timeout": timedelta(seconds=10),
        "read_limit": 100,
        **options,
    }

    async def call() -> Reply:
        async with open_curl(resolver=resolver or shop_resolver()) as session:
            return await exchange(session, method, url, **options)

    with trusted(tls), asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(call())


@contextmanager
def trusted(certificate):
    """Have libcurl trust the certificate in the file at this path, if one is given."""
    with pytest.MonkeyPatch.context() as patch:
        if certificate:
            patch.setenv("SSL_CERT_FILE", str(certificate))
        yield


def get(url, *, resolver=None, tls=None, loop_factory=None, **options):
    """Fetch one page, with defaults for options that do not matter to the test."""
    options = {"timeout": timedelta(seconds=10), "max_bytes": 1000, **options}

    async def call() -> Reply:
        async with open_session(resolver=resolver or shop_resolver()) as session:
            if tls is not None:
                session.connector._ssl = ssl.create_default_context(cafile=tls)
            return await fetch(session, url, **options)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(call())


def saying(*parts: bytes, wait: bool = False):
    """Return a server that reads a request and answers exactly `parts`.

    With `wait`, the server then keeps the connection open and sends nothing more.
    """

    def behave(server, connection):
        read_request(connection)
        for part in parts:
            connection.sendall(part)
        if wait:
            server.wait()

    return behave


def resetting(_server, connection):
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def endless(_server, connection):
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")


HEAD = b"HTTP/1.1 200 OK\r\n"

TIMEOUT = (Failure.TIMEOUT, "No answer from shop.example within 0.3 s.")

#: Timeouts by expected failure: short if the server never answers, else the default.
TIMEOUT_OF = {Failure.TIMEOUT: timedelta(seconds=0.3)}


async def ask_by_exchange(session, url: str, *, seconds: float = 10) -> Reply:
    return await exchange(
        session, "POST", url, headers={}, timeout=timedelta(seconds=seconds), read_limit=10
    )


async def ask_by_fetch(session, url: str, *, seconds: float = 10) -> Reply:
    return await fetch(session, url, timeout=timedelta(seconds=seconds), max_bytes=10)


def forget_names(session) -> None:
    """Have the next request look up its host's name again."""
    if isinstance(session, CurlSession):
        session._names._lookups.clear()
    else:
        session.connector.clear_dns_cache()


#: Both doors, for one call: `send_to` and `get`.
both_calls = pytest.mark.parametrize("call", [send_to, get], ids=["exchange", "fetch"])
#: Both doors, for several calls over one session: how it is opened, and how it is asked.
both_doors = pytest.mark.parametrize(
    ("open_door", "ask"),
    [(open_curl, ask_by_exchange), (open_session, ask_by_fetch)],
    ids=["exchange", "fetch"],
)
both_loops = pytest.mark.parametrize(
    "loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
