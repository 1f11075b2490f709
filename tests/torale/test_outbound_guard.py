"""No URL, name, redirect or proxy leads inside."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.outbound_requests import (
    NO_PUBLIC_ADDRESS,
    NOT_PUBLIC,
    Names,
    both_calls,
    both_doors,
    both_loops,
    forget_names,
    get,
    saying,
)
from tests.support.receivers import HTTPAnswer
from tests.torale.conftest import read_request
from torale.errors import Refused
from torale.outbound.replies import Failure, Unreachable
from torale.outbound.url_check import check_url


def test_a_url_is_checked_when_it_is_written(settings):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()

    check_url("https://shop.example/", networks=())
    with pytest.raises(Refused) as refusal:
        check_url("http://127.0.0.1:8000/", networks=())

    assert str(refusal.value) == NOT_PUBLIC.format("127.0.0.1")


@both_calls
@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("http://127.0.0.1:{port}/", Failure.NOT_ALLOWED, NOT_PUBLIC.format("127.0.0.1")),
        (
            "http://[::ffff:127.0.0.1]:{port}/",
            Failure.NOT_ALLOWED,
            NOT_PUBLIC.format("::ffff:7f00:1"),
        ),
        ("http://localhost:{port}/", Failure.NOT_ALLOWED, NOT_PUBLIC.format("localhost")),
        # Not known by its name, so it is the socket that is refused.
        ("http://shop.example:{port}/", Failure.DNS, NO_PUBLIC_ADDRESS.format("shop.example")),
    ],
    ids=["address", "mapped", "localhost", "name"],
)
def test_a_server_inside_is_not_connected_to(start_server, settings, call, url, kind, message):
    server = start_server(saying(b"HTTP/1.1 204 No Content\r\n\r\n"))
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()

    with pytest.raises(Unreachable) as error:
        call(url.format(port=server.port))

    assert (error.value.kind, str(error.value)) == (kind, message)
    assert server.connections == 0


@both_calls
def test_a_name_that_leads_inside_is_told_as_an_unknown_one(settings, call):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()
    resolver = Names(internal_example=[["10.1.2.3", "fd00::5"]])
    told = []

    for name in ("internal.example", "unknown.example"):
        with pytest.raises(Unreachable) as error:
            call(f"https://{name}/", resolver=resolver)
        told.append((error.value.kind, str(error.value).replace(name, "name")))

    assert told[0] == told[1]


@both_calls
@both_loops
@pytest.mark.parametrize(
    "address", ["10.1.2.3", "169.254.169.254", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fe80::1"]
)
def test_a_name_that_leads_inside_is_refused_without_telling_where(
    settings, address, call, loop_factory
):
    settings.TORALE_WEBHOOK_ALLOW_PRIVATE = ()

    with pytest.raises(Unreachable) as error:
        call(
            "https://rebound.example/",
            resolver=Names(rebound_example=[[address]]),
            loop_factory=loop_factory,
        )

    assert error.value.kind == Failure.DNS
    assert str(error.value) == NO_PUBLIC_ADDRESS.format("rebound.example")


@both_doors
@both_loops
def test_a_name_that_is_rebound_between_two_requests_is_refused(
    http_receiver, open_door, ask, loop_factory
):
    http_receiver.answers = [HTTPAnswer(headers={"Connection": "close"})]
    url = f"http://rebound.example:{http_receiver.server.server_port}/"
    resolver = Names(rebound_example=[["127.0.0.1"], ["10.1.2.3"]])

    async def call_twice():
        async with open_door(resolver=resolver) as session:
            first = await ask(session, url)
            forget_names(session)
            with pytest.raises(Unreachable) as error:
                await ask(session, url)
            assert error.value.kind == Failure.DNS
            assert str(error.value) == NO_PUBLIC_ADDRESS.format("rebound.example")
            return first.status

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        assert runner.run(call_twice()) == 204
    assert len(http_receiver.requests) == 1


@both_calls
def test_of_a_names_addresses_an_allowed_one_is_called(http_receiver, call):
    reply = call(
        f"http://shop.example:{http_receiver.server.server_port}/",
        resolver=Names(shop_example=[["10.1.2.3", "fe80::1", "127.0.0.1"]]),
    )

    assert reply.status == 204
    assert len(http_receiver.requests) == 1


@both_calls
def test_a_proxy_from_the_environment_is_not_used(http_receiver, start_server, call, monkeypatch):
    proxy = start_server(saying(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    reply = call(f"http://shop.example:{http_receiver.server.server_port}/")

    assert reply.status == 204
    assert len(http_receiver.requests) == 1
    assert proxy.connections == 0


PORT_22 = (
    "Port 22 may not be called, only 80, 443, 1024-65535. "
    "TORALE_OUTBOUND_PORTS lists the allowed ports."
)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(http_receiver, status):
    http_receiver.answers = [
        HTTPAnswer(status, headers={"Location": "../new?a=b"}),
        HTTPAnswer(200, b"page"),
    ]

    reply = get(http_receiver.url + "/old/page")

    assert (reply.url, reply.status, reply.body) == (
        http_receiver.url + "/new?a=b",
        200,
        b"page",
    )


def test_a_redirect_to_nowhere_is_the_page(http_receiver):
    http_receiver.answers = [HTTPAnswer(302, b"gone")]

    reply = get(http_receiver.url)

    assert (reply.status, reply.body) == (302, b"gone")


def test_ten_redirects_are_followed(http_receiver):
    hops = [HTTPAnswer(302, headers={"Location": f"/{number}"}) for number in range(1, 11)]
    http_receiver.answers = [*hops, HTTPAnswer(200, b"page")]

    reply = get(http_receiver.url)

    assert (reply.url, reply.body) == (f"{http_receiver.url}/10", b"page")


def test_an_eleventh_redirect_is_one_too_many(http_receiver):
    http_receiver.answers = [HTTPAnswer(302, headers={"Location": "/"})]

    with pytest.raises(Unreachable) as error:
        get(http_receiver.url)

    assert error.value.kind == Failure.TOO_MANY_REDIRECTS
    assert str(error.value) == "The page redirects more than 10 times."
    assert len(http_receiver.requests) == 11


@pytest.mark.parametrize(
    ("location", "kind", "message"),
    [
        ("http://10.1.2.3/", Failure.NOT_ALLOWED, NOT_PUBLIC.format("10.1.2.3")),
        (
            "//169.254.169.254/latest/meta-data/",
            Failure.NOT_ALLOWED,
            NOT_PUBLIC.format("169.254.169.254"),
        ),
        (
            "http://inside.example/",
            Failure.DNS,
            NO_PUBLIC_ADDRESS.format("inside.example"),
        ),
        (
            "http://olive:s3cret@shop.example/",
            Failure.NOT_ALLOWED,
            "The URL contains a user name or password; send them in a header instead.",
        ),
        (
            "file:///etc/passwd",
            Failure.NOT_ALLOWED,
            "The URL must start with http:// or https://.",
        ),
        (
            "http://shop.example:22/",
            Failure.NOT_ALLOWED,
            PORT_22,
        ),
        (
            "http://[::1",
            Failure.MALFORMED,
            "shop.example redirects to something that is not a URL.",
        ),
        (
            "http://nobody.example/",
            Failure.DNS,
            NO_PUBLIC_ADDRESS.format("nobody.example"),
        ),
    ],
    ids=[
        "private",
        "metadata",
        "name that leads inside",
        "password",
        "file",
        "port",
        "no URL",
        "unknown name",
    ],
)
def test_every_redirect_is_checked_as_the_first_url_is(http_receiver, location, kind, message):
    http_receiver.answers = [
        HTTPAnswer(302, headers={"Location": "/second"}),
        HTTPAnswer(302, headers={"Location": location}),
    ]
    resolver = Names(shop_example=[["127.0.0.1"]], inside_example=[["10.1.2.3"]])

    with pytest.raises(Unreachable) as error:
        get(
            f"http://shop.example:{http_receiver.server.server_port}/",
            resolver=resolver,
        )

    assert (error.value.kind, str(error.value)) == (kind, message)
    assert [request.path for request in http_receiver.requests] == ["/", "/second"]


def test_all_redirects_share_one_timeout(start_server):
    def redirect_slowly(server, connection):
        read_request(connection)
        server.over.wait(0.2)
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\n\r\n")

    server = start_server(redirect_slowly)

    with pytest.raises(Unreachable) as error:
        get(f"http://shop.example:{server.port}/", timeout=timedelta(seconds=0.5))

    assert error.value.kind == Failure.TIMEOUT
    assert str(error.value) == "No answer from shop.example within 0.5 s."
    assert server.connections <= 3
