"""The way to a page: redirects that set cookies, and pages that lead on to another one."""

import pytest

from tests.support.cpu_time import cpu_time_below
from tests.support.outbound_requests import Names, get
from tests.support.receivers import HTTPAnswer
from torale.outbound import meta_refresh
from torale.outbound.replies import Failure, Unreachable

HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(content, http_equiv="refresh"):
    return f'<html><head><meta http-equiv="{http_equiv}" content="{content}"></head>'.encode()


def cookies(http_receiver):
    return [request.headers.get("cookie") for request in http_receiver.requests]


def test_a_page_that_redirects_to_itself_until_it_gets_its_cookie_is_read(http_receiver):
    def judge(request):
        if request.headers.get("cookie") == "seen=yes":
            return HTTPAnswer(200, b"page")
        return HTTPAnswer(302, headers={"Location": "/", "Set-Cookie": "seen=yes; Path=/"})

    http_receiver.judge = judge

    assert get(http_receiver.url).body == b"page"


def test_the_cookies_of_a_visit_are_forgotten_after_it(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, headers={"Set-Cookie": "id=1; Path=/"})]

    get(http_receiver.url)
    get(http_receiver.url)

    assert cookies(http_receiver) == [None, None]


def test_a_cookie_is_not_sent_to_another_host(http_receiver):
    port = http_receiver.server.server_port
    http_receiver.answers = [
        HTTPAnswer(
            302,
            headers={"Location": f"http://other.example:{port}/", "Set-Cookie": "id=1; Path=/"},
        ),
        HTTPAnswer(200),
    ]
    resolver = Names(shop_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])

    get(f"http://shop.example:{port}/", resolver=resolver)

    assert cookies(http_receiver) == [None, None]


def test_a_new_cookie_follows_those_of_the_header_and_replaces_its_namesake(http_receiver):
    http_receiver.answers = [
        HTTPAnswer(302, headers={"Location": "/", "Set-Cookie": "id=b=c/+; Path=/"}),
        HTTPAnswer(200),
    ]

    get(http_receiver.url, headers={"cookie": "a=1; id=old; b=2"})

    assert cookies(http_receiver) == ["a=1; id=old; b=2", "a=1; b=2; id=b=c/+"]


def test_cookies_that_no_server_would_take_are_not_sent(http_receiver):
    hops = [
        HTTPAnswer(302, headers={"Location": "/", "Set-Cookie": f"c{number}={'x' * 4000}; Path=/"})
        for number in range(3)
    ]
    http_receiver.answers = [*hops, HTTPAnswer(200)]

    get(http_receiver.url)

    assert len(cookies(http_receiver)[-1]) < 8192


@pytest.mark.parametrize(
    "content",
    [
        "0; url=/new",
        "0;URL='/new'",
        "5, /new",
        "0 url=/new",
        " 1.5 ; url = /new ",
        "0;url=&#x2f;new",
    ],
)
def test_a_page_that_leads_on_is_left_for_the_next(http_receiver, content):
    http_receiver.answers = [HTTPAnswer(200, page(content), HTML), HTTPAnswer(200, b"new", HTML)]

    reply = get(http_receiver.url + "/old")

    assert (reply.url, reply.body) == (f"{http_receiver.url}/new", b"new")


def test_the_header_refresh_leads_on_as_well(http_receiver):
    http_receiver.answers = [
        HTTPAnswer(200, b"old", {**HTML, "Refresh": "0; url=new"}),
        HTTPAnswer(200, b"new", HTML),
    ]

    assert get(http_receiver.url).body == b"new"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (page("6; url=/new"), HTML, 200),
        (page("3"), HTML, 200),
        (page("0; url="), HTML, 200),
        (page("0; url=/old"), HTML, 200),
        (page("0; url=#top"), HTML, 200),
        (page("0; url=javascript:alert(1)"), HTML, 200),
        (page("0; url=http://["), HTML, 200),
        (page("0; url=/new", http_equiv="content-type"), HTML, 200),
        (b"<!--" + page("0; url=/new") + b"-->", HTML, 200),
        (b"<noscript>" + page("0; url=/new") + b"</noscript>", HTML, 200),
        (b"<script>'" + page("0; url=/new"), HTML, 200),
        (page("0; url=/new"), {"Content-Type": "text/plain"}, 200),
        (page("0; url=/new"), HTML, 404),
    ],
    ids=[
        *("later", "without a URL", "empty URL", "to itself", "within itself", "a script"),
        *("no URL", "another meta", "comment", "noscript", "script", "plain text", "not found"),
    ],
)
def test_a_page_that_does_not_lead_on_is_the_page(http_receiver, body, headers, status):
    http_receiver.answers = [HTTPAnswer(status, body, headers)]

    reply = get(http_receiver.url + "/old")

    assert (reply.url, reply.body) == (f"{http_receiver.url}/old", body)
    assert len(http_receiver.requests) == 1


def test_a_page_cannot_lead_into_a_private_network(http_receiver):
    http_receiver.answers = [HTTPAnswer(200, page("0; url=http://10.1.2.3/"), HTML)]

    with pytest.raises(Unreachable) as error:
        get(http_receiver.url)

    assert error.value.kind == Failure.NOT_ALLOWED


def test_pages_that_lead_to_each_other_are_redirects(http_receiver):
    http_receiver.judge = lambda request: HTTPAnswer(
        200, page("0; url=/b" if request.path == "/a" else "0; url=/a"), HTML
    )

    with pytest.raises(Unreachable) as error:
        get(http_receiver.url + "/a")

    assert error.value.kind == Failure.TOO_MANY_REDIRECTS
    assert len(http_receiver.requests) == 11


@pytest.mark.parametrize(
    "hostile",
    [
        b"<meta " + b"a" * 70_000,
        b"<meta " + b"a " * 35_000 + b">",
        b"<meta a=\"x a='" * 5_000 + b">",
        b"<script>" * 9_000,
        b"<script></script>" * 4_000,
        b"<meta>" * 11_000,
        b"<!--" * 16_000,
        b"<meta http-equiv=refresh content='0" + b" " * 65_000 + b"'>",
    ],
    ids=["name", "names", "quotes", "scripts", "closed scripts", "metas", "comments", "spaces"],
)
def test_a_page_made_to_take_time_is_searched_at_once(hostile):
    with cpu_time_below(0.1):
        meta_refresh.target_of(hostile)
