"""Fetching pages: whole or not at all."""

import gzip
import json
import zlib
from dataclasses import replace
from datetime import timedelta

import brotli
import pytest
from backports import zstd

from tests.support.cpu_time import cpu_time_below
from tests.support.outbound_requests import (
    HEAD,
    TIMEOUT,
    TIMEOUT_OF,
    both_loops,
    endless,
    get,
    saying,
)
from tests.support.receivers import HTTPAnswer
from torale.outbound import content_encoding
from torale.outbound.replies import Failure, Reply, Unreachable


def test_a_page_is_returned_whole(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, b"x" * 1000, {"Content-Type": "text/html"})]

    reply = get(http_receiver.url + "/page", headers={"Accept": "text/html"}, max_bytes=1000)

    del reply.headers["date"], reply.headers["server"]
    assert replace(reply, duration_ms=0) == Reply(
        url=f"{http_receiver.url}/page",
        status=200,
        headers={"content-type": "text/html", "content-length": "1000"},
        body=b"x" * 1000,
        truncated=False,
        duration_ms=0,
    )
    (request,) = http_receiver.requests
    assert (request.method, request.body) == ("GET", b"")
    assert request.headers["accept"] == "text/html"


def test_a_body_is_sent_by_post(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, b"{}")]

    reply = get(http_receiver.url, body=b'{"q": 1}', headers={"Content-Type": "application/json"})

    (request,) = http_receiver.requests
    assert (request.method, request.body) == ("POST", b'{"q": 1}')
    assert request.headers["content-type"] == "application/json"
    assert (reply.status, reply.body) == (200, b"{}")


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_body_is_not_sent_on_to_where_its_server_redirects(http_receiver, status):
    http_receiver.answers = [HTTPAnswer(status, b"", {"Location": "/other"}), HTTPAnswer()]

    with pytest.raises(Unreachable) as error:
        get(http_receiver.url, body=b"")

    assert error.value.kind == Failure.TOO_MANY_REDIRECTS
    (request,) = http_receiver.requests
    assert (request.method, request.path) == ("POST", "/")


def gzipped(page: bytes, encoding: bytes = b"gzip"):
    head = b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (encoding, len(page))
    return saying(HEAD + head + page)


TOO_LARGE = (Failure.TOO_LARGE, "The answer of shop.example is larger than 1,000 bytes.")
BROKE_OFF = (Failure.RESET, "The answer of shop.example broke off before its end.")
ENCODED = (
    Failure.MALFORMED,
    "shop.example sent the page in an encoding that cannot be read.",
)

NO_PAGE = {
    "one byte too large": (
        saying(HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001),
        TOO_LARGE,
    ),
    "endless": (endless, TOO_LARGE),
    "bomb": (gzipped(gzip.compress(b"0" * 200_000)), TOO_LARGE),
    "breaks off": (saying(HEAD + b"Content-Length: 100\r\n\r\npart"), BROKE_OFF),
    "breaks off within a chunk": (
        saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n64\r\npart"),
        BROKE_OFF,
    ),
    "compressed page breaks off": (gzipped(gzip.compress(bytes(range(256)))[:-20]), BROKE_OFF),
    "second part breaks off": (
        gzipped(gzip.compress(b"page") + gzip.compress(bytes(range(256)))[:-20]),
        BROKE_OFF,
    ),
    "brotli breaks off": (gzipped(brotli.compress(bytes(range(256)))[:-20], b"br"), BROKE_OFF),
    "zstd breaks off": (gzipped(zstd.compress(bytes(range(256)))[:-20], b"zstd"), BROKE_OFF),
    "brotli bomb": (gzipped(brotli.compress(b"0" * 200_000), b"br"), TOO_LARGE),
    "zstd bomb": (gzipped(zstd.compress(b"0" * 200_000), b"zstd"), TOO_LARGE),
    "no brotli": (gzipped(b"\xffplain", b"br"), ENCODED),
    "no zstd": (gzipped(b"plain", b"zstd"), ENCODED),
    "zstd with too large a window": (
        gzipped(
            zstd.compress(b"x", options={zstd.CompressionParameter.window_log: 25})[:4]
            + b"\x00\x80"
            + b"\x00" * 8,
            b"zstd",
        ),
        ENCODED,
    ),
    "parts that are too large together": (gzipped(gzip.compress(b"x" * 501) * 2), TOO_LARGE),
    "stops": (
        saying(HEAD + b"Content-Length: 100\r\n\r\npart", wait=True),
        TIMEOUT,
    ),
    "not what it is called": (gzipped(b"plain"), ENCODED),
    "unknown encoding": (gzipped(b"page", b"compress"), ENCODED),
    "compressed twice": (gzipped(gzip.compress(gzip.compress(b"a")), b"gzip, gzip"), ENCODED),
}


@both_loops
@pytest.mark.parametrize(("behave", "told"), NO_PAGE.values(), ids=NO_PAGE.keys())
def test_a_page_that_cannot_be_had_whole_is_told_by_kind_and_sentence(
    start_server, behave, told, loop_factory
):
    server = start_server(behave)

    with pytest.raises(Unreachable) as error:
        get(
            f"http://shop.example:{server.port}/",
            timeout=TIMEOUT_OF.get(told[0], timedelta(seconds=10)),
            loop_factory=loop_factory,
        )

    assert (error.value.kind, str(error.value)) == told


@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        (b"gzip", gzip.compress(b"page")),
        (b"GZip", gzip.compress(b"page")),
        (b"x-gzip", gzip.compress(b"page")),
        (b"gzip", gzip.compress(b"pa") + gzip.compress(b"") + gzip.compress(b"ge")),
        (b"gzip", gzip.compress(b"page") + b"\0" * 5000),
        (b"gzip", gzip.compress(b"") * 1000 + gzip.compress(b"page")),
        (b"deflate", zlib.compress(b"page")),
        (b"deflate", zlib.compress(b"page")[2:-4]),
        (b"br", brotli.compress(b"page")),
        (b"zstd", zstd.compress(b"page")),
        (b"zstd", zstd.compress(b"pa") + zstd.compress(b"") + zstd.compress(b"ge")),
        (b"identity", b"page"),
    ],
    ids=[
        *("gzip", "capitals", "x-gzip", "parts", "padded", "many parts", "deflate"),
        *("deflate without a frame", "brotli", "zstd", "zstd in parts", "identity"),
    ],
)
def test_a_compressed_page_is_read(start_server, encoding, encoded):
    server = start_server(gzipped(encoded, encoding))

    assert get(f"http://shop.example:{server.port}/", max_bytes=100_000).body == b"page"


def test_an_empty_page_is_not_decompressed(start_server):
    server = start_server(gzipped(b""))

    assert get(f"http://shop.example:{server.port}/").body == b""


def test_a_page_may_ask_for_compression(http_receiver):
    http_receiver.answers = [HTTPAnswer(200)]

    get(http_receiver.url)

    (request,) = http_receiver.requests
    assert request.headers["accept-encoding"] == "gzip, deflate, br, zstd"


def test_a_page_of_four_megabytes_is_decompressed(http_receiver):
    page = json.dumps([{"id": number, "name": f"n{number * 7919}"} for number in range(110_000)])
    headers = {"Content-Encoding": "br"}
    http_receiver.answers = [HTTPAnswer(200, brotli.compress(page.encode(), quality=5), headers)]

    assert get(http_receiver.url, max_bytes=5_000_000).body == page.encode()


@pytest.mark.parametrize(
    "bomb",
    [
        (b"gzip", gzip.compress(b"0" * 4_900_000)),
        (b"deflate", zlib.compress(b"0" * 4_900_000)),
        (b"br", brotli.compress(b"0" * 4_900_000)),
        (b"zstd", zstd.compress(b"0" * 4_900_000)),
        (b"gzip", gzip.compress(b"") * 100_000),
        (b"zstd", zstd.compress(b"") * 200_000),
    ],
    ids=["gzip", "deflate", "brotli", "zstd", "parts of gzip", "parts of zstd"],
)
def test_a_bomb_below_the_limit_of_size_is_refused_at_once(bomb):
    encoding, body = bomb

    with cpu_time_below(0.25), pytest.raises(content_encoding.TooLarge):
        content_encoding.decoded(body, encoding.decode(), max_bytes=5_000_000)
