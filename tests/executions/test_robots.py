"""With TORALE_OBEY_ROBOTS, pages are visited only where robots.txt allows it."""

import asyncio
import gzip
import threading
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from executions import confined, monitors
from executions.failures import FailureKind
from executions.monitors import AskFailed, Question, robots
from tests.support import asking
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer, HTTPReceiver, wait_for
from tests.support.watched_pages import html
from torale.outbound.aiohttp_sessions import AiohttpSessions
from torale.outbound.large_bodies import PLACES_OF_ONE_ASKER

LOOPBACK = (ip_network("127.0.0.0/8"),)
EVERYTHING = "User-agent: *\nDisallow: /"


def text(body: str | bytes, status: int = 200) -> HTTPAnswer:
    content = body.encode() if isinstance(body, str) else body
    return HTTPAnswer(status, content, {"Content-Type": "text/plain"})


def redirect(location: str) -> HTTPAnswer:
    return HTTPAnswer(302, headers={"Location": location})


def serve(receiver: HTTPReceiver, **answers: HTTPAnswer) -> None:
    """Have the receiver answer at these paths, and with a page at all others.

    Args:
        receiver: the server.
        answers: by the path without its slash; `robots` is /robots.txt.
    """
    named = {f"/{name}": answer for name, answer in answers.items()}
    named["/robots.txt"] = named.pop("/robots", HTTPAnswer(404))
    receiver.judge = lambda request: named.get(request.path, html("Sold out"))


@pytest.fixture(autouse=True)
def _obeying(settings, monkeypatch):
    settings.TORALE_OBEY_ROBOTS = True
    # Another one knows what earlier tests served on the same ports.
    monkeypatch.setattr(robots, "_known", robots.Robots())


def question(query, *, after=timedelta(0), networks=LOOPBACK, headers=None) -> Question:
    return Question(
        search_query=query,
        condition_description="changes",
        last_known_state=None,
        networks=networks,
        request_headers=headers or {},
        asked_at=NOW + after,
    )


def ask(query, **options):
    return asking.ask(question(query, **options))


def failure_of(query, **options) -> AskFailed:
    with pytest.raises(AskFailed) as failure:
        ask(query, **options)
    return failure.value


def paths(receiver: HTTPReceiver) -> list[str]:
    return [request.path for request in receiver.requests]


def test_by_default_robots_txt_is_not_asked(http_receiver, settings):
    settings.TORALE_OBEY_ROBOTS = False
    serve(http_receiver, robots=text(EVERYTHING))

    ask(f"{http_receiver.url}/bread")

    assert paths(http_receiver) == ["/bread"]


def test_a_page_that_is_not_allowed_is_not_visited(http_receiver):
    serve(http_receiver, robots=text(EVERYTHING))
    page = f"{http_receiver.url}/bread"

    failure = failure_of(page)

    assert failure.kind == FailureKind.USER_ERROR
    assert str(failure) == (
        f"{http_receiver.url}/robots.txt does not allow Torale to visit {page}. Watch another "
        "page, or ask its site to allow the user agent Torale. An operator can switch this check "
        "off with TORALE_OBEY_ROBOTS."
    )
    assert paths(http_receiver) == ["/robots.txt"]


@pytest.mark.parametrize(
    ("content", "is_allowed"),
    [
        ("", True),
        ("<html><p>Not found", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /cakes", True),
        ("User-agent: *\nDisallow: /br*d$", False),
        ("User-agent: *\nDisallow: /b\nAllow: /bread", True),
        ("User-agent: Googlebot\nDisallow: /", True),
        ("User-agent: torale\nDisallow: /", False),
        (f"{EVERYTHING}\nUser-agent: Torale\nDisallow: /cakes", True),
        ("\ufeffUser-agent: *\r\nDisallow: /bread", False),
        (b"\xff\xfe\x00\nUser-agent: *\nDisallow: /bread", False),
    ],
)
def test_what_robots_txt_says_of_a_page(http_receiver, content, is_allowed):
    serve(http_receiver, robots=text(content))
    page = f"{http_receiver.url}/bread"

    if is_allowed:
        ask(page)
    else:
        failure_of(page)

    assert ("/bread" in paths(http_receiver)) is is_allowed


def test_it_is_read_once_a_day_without_the_request_headers(http_receiver):
    serve(http_receiver, robots=text("User-agent: *\nDisallow: /cakes"))
    page, cakes = f"{http_receiver.url}/bread", f"{http_receiver.url}/cakes"

    ask(page, headers={"Cookie": "session=3f9a2c71"})
    ask(page, after=timedelta(hours=23))
    failure_of(cakes, after=timedelta(hours=23))
    ask(page, after=timedelta(days=1))

    assert paths(http_receiver) == ["/robots.txt", "/bread", "/bread", "/robots.txt", "/bread"]
    assert "cookie" not in http_receiver.requests[0].headers
    assert http_receiver.requests[1].headers["cookie"] == "session=3f9a2c71"


def test_what_is_known_costs_no_call_of_a_child_process(http_receiver, monkeypatch):
    serve(http_receiver, robots=text(EVERYTHING))
    failure_of(f"{http_receiver.url}/bread")
    confined._end_children()
    monkeypatch.setattr(confined, "PROGRAM", "raise SystemExit('a child was started')")

    failure = failure_of(f"{http_receiver.url}/bread")

    assert failure.kind == FailureKind.USER_ERROR


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429])
def test_a_site_without_one_allows_everything(http_receiver, status):
    serve(http_receiver, robots=text(EVERYTHING, status))

    ask(f"{http_receiver.url}/bread")

    assert paths(http_receiver) == ["/robots.txt", "/bread"]


def test_a_site_that_cannot_say_it_is_visited_later(http_receiver):
    serve(http_receiver, robots=text("", 503))
    page = f"{http_receiver.url}/bread"

    failure = failure_of(page)
    failure_of(page, after=timedelta(seconds=59))
    serve(http_receiver)
    ask(page, after=timedelta(seconds=60))

    assert failure.kind == FailureKind.NETWORK
    assert str(failure) == (
        f"{page} is not visited, as it is not known whether its site allows that. "
        f"{http_receiver.url}/robots.txt answered 503 Service Unavailable."
    )
    assert paths(http_receiver) == ["/robots.txt", "/robots.txt", "/bread"]


def test_a_site_that_is_down_is_visited_later(loopback_allowed):
    receiver = HTTPReceiver()
    receiver.close()

    failure = failure_of(f"{receiver.url}/bread")

    assert failure.kind == FailureKind.NETWORK
    assert f"{receiver.url}/robots.txt cannot be read: The connection to" in str(failure)


def test_a_site_that_does_not_answer_in_time_is_visited_later(http_receiver, monkeypatch):
    monkeypatch.setattr(robots, "TIMEOUT", timedelta(milliseconds=50))
    stall = threading.Event()
    serve(http_receiver, robots=HTTPAnswer(stall=stall))

    failure = failure_of(f"{http_receiver.url}/bread")
    stall.set()

    assert failure.kind == FailureKind.TIMEOUT
    assert "cannot be read: No answer from 127.0.0.1 within 0.05 s." in str(failure)


@pytest.mark.parametrize(("redirects", "is_allowed"), [(5, False), (6, True)])
def test_at_most_five_redirects_lead_to_it(http_receiver, redirects, is_allowed):
    hops = {f"hop{number}": redirect(f"/hop{number + 1}") for number in range(1, redirects)}
    serve(
        http_receiver,
        robots=redirect("/hop1"),
        **hops,
        **{f"hop{redirects}": text(EVERYTHING)},
    )

    if is_allowed:
        ask(f"{http_receiver.url}/bread")
    else:
        failure_of(f"{http_receiver.url}/bread")

    assert ("/bread" in paths(http_receiver)) is is_allowed


def test_a_redirect_of_it_into_our_network_is_not_followed(http_receiver):
    serve(http_receiver, robots=redirect("http://10.1.2.3/robots.txt"))

    failure = failure_of(f"{http_receiver.url}/bread")

    assert failure.kind == FailureKind.NETWORK
    assert "10.1.2.3 is not a public address" in str(failure)


def test_the_beginning_of_a_large_one_counts(http_receiver):
    head = "User-agent: *\nDisallow: /cakes\n"
    comments = "#" * (robots.MAX_BYTES - len(head) - len("\nDisallow: /"))
    # Cut off within its last line, it would forbid everything.
    serve(http_receiver, robots=text(f"{head}{comments}\nDisallow: /rolls\n" * 2))

    ask(f"{http_receiver.url}/bread")
    failure_of(f"{http_receiver.url}/cakes")

    assert http_receiver.requests[0].headers["accept-encoding"] == "identity"


def test_it_may_be_compressed_all_the_same(http_receiver):
    body = gzip.compress(EVERYTHING.encode())
    serve(http_receiver, robots=HTTPAnswer(200, body, {"Content-Encoding": "gzip"}))

    assert "does not allow Torale" in str(failure_of(f"{http_receiver.url}/bread"))


def test_a_hostile_one_ends_with_its_process(http_receiver, monkeypatch):
    confined._end_children()
    monkeypatch.setattr(confined, "CPU_S", 1)
    agents = "".join(f"user-agent:{number}\n" for number in range(3000))
    serve(http_receiver, robots=text(agents + "disallow:/a\n" * 30_000))
    page = f"{http_receiver.url}/bread"

    failure = failure_of(page)
    confined._end_children()

    assert failure.kind == FailureKind.USER_ERROR
    assert str(failure) == (
        f"{http_receiver.url}/robots.txt does not tell whether {page} may be visited: reading it "
        "took more than 1 s of CPU time."
    )


def test_a_redirect_to_another_site_asks_that_site(http_receiver):
    other = HTTPReceiver()
    try:
        serve(other, robots=text("User-agent: *\nDisallow: /secret"))
        serve(
            http_receiver,
            bread=redirect(f"{other.url}/secret?id=3f9a2c71"),
            rolls=redirect(f"{other.url}/rolls"),
        )

        failure = failure_of(f"{http_receiver.url}/bread", headers={"X-Id": "3f9a2c71"})
        ask(f"{http_receiver.url}/rolls")

        assert f"does not allow Torale to visit {other.url}/secret?id=********." in str(failure)
        assert paths(other) == ["/robots.txt", "/rolls"]
    finally:
        other.close()


def test_one_page_that_is_not_allowed_does_not_hide_another(http_receiver):
    serve(http_receiver, robots=text("User-agent: *\nDisallow: /bread"))

    answer = ask(f"{http_receiver.url}/bread {http_receiver.url}/cakes")

    assert [page.url for page in answer.failed_pages] == [f"{http_receiver.url}/bread"]
    assert paths(http_receiver) == ["/robots.txt", "/cakes"]


def test_previews_obey_it(http_receiver):
    serve(http_receiver, robots=text(EVERYTHING))

    with pytest.raises(AskFailed, match="does not allow Torale"):
        asking.preview(question(f"{http_receiver.url}/bread"))


def test_an_address_inside_our_network_is_refused_as_ever(http_receiver):
    failure = failure_of(f"{http_receiver.url}/bread", networks=())

    assert "is not a public address" in str(failure)
    assert "robots" not in str(failure)
    assert paths(http_receiver) == []


def test_visits_at_the_same_time_read_it_once(http_receiver):
    stall = threading.Event()
    serve(http_receiver, robots=HTTPAnswer(404, stall=stall))

    async def main():
        async with AiohttpSessions(limit=10) as sessions:
            visits = [
                asyncio.create_task(
                    monitors.ask(question(f"{http_receiver.url}/{number}"), sessions=sessions)
                )
                for number in range(5)
            ]
            await asyncio.to_thread(wait_for, lambda: paths(http_receiver))
            visits[0].cancel()  # the one that reads it; another takes over
            await asyncio.to_thread(wait_for, lambda: len(paths(http_receiver)) == 2)
            stall.set()
            await asyncio.gather(*visits[1:])

    asyncio.run(main())

    assert sorted(paths(http_receiver)) == [*(f"/{n}" for n in (1, 2, 3, 4)), *["/robots.txt"] * 2]


def test_a_user_without_room_for_a_large_one_delays_no_other(http_receiver, monkeypatch):
    monkeypatch.setattr(robots, "TIMEOUT", timedelta(seconds=2))
    serve(http_receiver, robots=text(b"# \n" * 100_000))
    page = f"{http_receiver.url}/bread"

    async def main() -> tuple[bool, object]:
        async with AiohttpSessions(limit=10) as sessions, AsyncExitStack() as stack:
            for _ in range(PLACES_OF_ONE_ASKER):
                place = await stack.enter_async_context(sessions.room.place("owner"))
                await place.take()
            first = asyncio.create_task(
                monitors.ask(replace(question(page), asker="owner"), sessions=sessions)
            )
            await asyncio.to_thread(wait_for, lambda: paths(http_receiver))
            await monitors.ask(replace(question(page), asker="stranger"), sessions=sessions)
            is_still_waiting = not first.done()
            [failure] = await asyncio.gather(first, return_exceptions=True)
            return is_still_waiting, failure

    is_still_waiting, failure = asyncio.run(main())

    assert is_still_waiting
    assert "too many other large pages" in str(failure)
    ask(page)  # that one had no room says nothing of the site


def test_what_is_known_is_not_shared_with_users_of_other_networks(http_receiver):
    serve(http_receiver)
    page = f"{http_receiver.url}/bread"

    ask(page)
    ask(page, networks=(*LOOPBACK, ip_network("10.1.0.0/16")))
    ask(page)

    assert paths(http_receiver).count("/robots.txt") == 2


def test_only_so_much_is_kept(http_receiver, monkeypatch):
    other = HTTPReceiver()
    try:
        monkeypatch.setattr(robots, "KEPT_BYTES", 2 * robots.OVERHEAD_BYTES)
        serve(http_receiver, robots=text("#"))
        serve(other, robots=text("#"))

        for receiver in (http_receiver, other, other, http_receiver):
            ask(f"{receiver.url}/bread")

        assert paths(http_receiver).count("/robots.txt") == 2
        assert paths(other).count("/robots.txt") == 1
    finally:
        other.close()


def test_of_the_pages_of_one_site_only_so_many_are_kept(http_receiver, monkeypatch):
    monkeypatch.setattr(robots, "VERDICTS", 1)
    serve(http_receiver, robots=text(EVERYTHING))
    failure_of(f"{http_receiver.url}/bread")
    failure_of(f"{http_receiver.url}/cakes")
    confined._end_children()
    monkeypatch.setattr(confined, "PROGRAM", "raise SystemExit(7)")

    known = failure_of(f"{http_receiver.url}/cakes")
    forgotten = failure_of(f"{http_receiver.url}/bread")

    assert known.kind == FailureKind.USER_ERROR
    assert forgotten.kind == FailureKind.SYSTEM_ERROR
    assert str(forgotten) == (
        f"Something went wrong on our side while {http_receiver.url}/robots.txt was read: its "
        "process ended with status 7."
    )
