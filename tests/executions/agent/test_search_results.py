"""What of a search engine's results is taken."""

from typing import Any

import pytest

from executions.monitors.agent.search.results import Result, results_of

FOUND = Result(
    url="http://news.example/a", title="The news", snippet="What is new", published="2026-01-02"
)


def entry(**fields: Any) -> dict[str, Any]:
    return {
        "url": FOUND.url,
        "title": FOUND.title,
        "content": FOUND.snippet,
        "date": FOUND.published,
        **fields,
    }


def taken(*found: Any) -> list[Result]:
    return results_of(found, snippet="content", published="date")


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        ["http://a.example/"],
        "",
        "a.example",
        "//a.example/",
        "/a",
        "javascript:alert(1)",
        "data:text/html,a",
        "file:///etc/passwd",
        "ftp://a.example/",
        "http://",
        "http:///a",
        "http://a.example/\n",
        "http://a.example/a b",
        "http://a.example\\@b.example/",
        "http://[::1/",
        "http://a.example:x/",
        "http://a.example/" + "a" * 2048,
    ],
)
def test_what_is_at_no_web_address_is_passed_over(url):
    assert taken(entry(url=url), entry()) == [FOUND]


@pytest.mark.parametrize("url", ["HTTPS://A.example:8443/?q=a#b", "http://münchen.example/ß"])
def test_unusual_web_addresses_are_kept_as_they_are(url):
    (result,) = taken(entry(url=url))

    assert result.url == url


@pytest.mark.parametrize("other", [None, 7, "http://a.example/", ["http://a.example/"], {}])
def test_what_is_no_result_is_passed_over(other):
    assert taken(other, entry()) == [FOUND]


@pytest.mark.parametrize("value", [None, 7, ["a"], {"a": "b"}, True])
def test_a_text_that_is_none_is_empty(value):
    fields = {"title": value, "content": value, "date": value}

    assert taken(entry(**fields)) == [Result(url=FOUND.url, title="", snippet="", published="")]


def test_a_result_may_have_an_address_only():
    assert taken({"url": FOUND.url}) == [Result(url=FOUND.url, title="", snippet="", published="")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\ntwo\tthree\0four\x1b[2J", "one two three four [2J"),
        ("Tom &amp; Jerry&#x27;s", "Tom & Jerry's"),
        ("plain\U000e0041\U000e0042 text\u200b", "plain text"),
        ("\u202eturned\u202c", "turned"),
        ("sur\ud800rogate", "surrogate"),
        ("क्\u200dष", "क्\u200dष"),
    ],
    ids=["control", "entities", "tags", "turned", "surrogate", "joined"],
)
def test_texts_stand_on_one_line_and_hide_nothing(text, shown):
    (result,) = taken(entry(title=text, content=text, date=text))

    assert (result.title, result.snippet, result.published) == (shown, shown, shown)


def test_long_texts_are_cut():
    (result,) = taken(entry(**dict.fromkeys(("title", "content", "date"), "x" * 5_000)))

    lengths = [len(text) for text in (result.title, result.snippet, result.published)]
    assert lengths == [200, 500, 40]


def test_ten_pages_are_taken_each_once():
    urls = [f"http://{number}.example/" for number in range(30)]

    results = taken(*(entry(url=url) for url in urls for _ in range(2)))

    assert [result.url for result in results] == urls[:10]


def test_only_the_first_hundred_results_are_looked_at():
    assert taken(*[None] * 99, entry()) == [FOUND]
    assert taken(*[None] * 100, entry()) == []
