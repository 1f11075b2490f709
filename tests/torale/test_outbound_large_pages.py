"""Large pages are read only while there is room for them."""

import asyncio
import gzip
import ipaddress
from datetime import timedelta

import pytest

from tests.support.receivers import HTTPAnswer
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.fetch import fetch
from torale.outbound.large_bodies import LARGE_BYTES, PLACES_OF_ONE_ASKER
from torale.outbound.replies import Failure, Reply, Unreachable

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
PAGE = b"abcdefgh" * (LARGE_BYTES // 4)


def read(url: str, *, others: int = 0, seconds: float = 30) -> tuple[Reply, bool]:
    """Fetch a page while `others` of the asker are read; return it, and if a place was taken."""

    async def main() -> tuple[Reply, bool]:
        async with AiohttpSessions(limit=1) as sessions:
            sessions.room.taken["a"] = others
            async with sessions.room.place("a") as place:
                limit = timedelta(seconds=seconds)
                session = sessions.of(LOOPBACK)
                reply = await fetch(session, url, timeout=limit, max_bytes=5_000_000, place=place)
                return reply, place.is_taken

    return asyncio.run(main())


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(
    ("size", "is_large"), [(LARGE_BYTES, False), (LARGE_BYTES + 1, True), (len(PAGE), True)]
)
def test_a_large_page_takes_a_place_and_is_read_whole(http_receiver, encoding, size, is_large):
    body = gzip.compress(PAGE[:size]) if encoding == "gzip" else PAGE[:size]
    http_receiver.answers = [HTTPAnswer(200, body, {"Content-Encoding": encoding})]

    reply, has_taken = read(http_receiver.url)

    assert reply.body == PAGE[:size]
    assert has_taken is is_large


def test_a_small_page_is_read_whatever_else_is(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, b"small")]

    reply, _ = read(http_receiver.url, others=PLACES_OF_ONE_ASKER)

    assert reply.body == b"small"


def test_a_large_page_that_finds_no_room_in_time_fails_in_words(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, PAGE)]

    with pytest.raises(Unreachable, match="too many other large pages") as failure:
        read(http_receiver.url, others=PLACES_OF_ONE_ASKER, seconds=0.2)

    assert failure.value.kind == Failure.TIMEOUT
