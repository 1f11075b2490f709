"""What a person is told of the pages they watch, over real connections."""

import re
from datetime import timedelta
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from executions.monitors import Answer, Source
from executions.monitors.notification import tell
from executions.pages.page import READING
from executions.pages.page_text import PageTexts
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import JSON, ask, html


def ask_in_turn(http_receiver, condition: str, replies: list[HTTPAnswer]) -> list[Answer]:
    """Ask once for each of `replies`, each time knowing what was learnt the time before."""
    answers: list[Answer] = []
    texts: dict[str, bytes] = {}
    for reply in replies:
        http_receiver.answers = [reply]
        state = answers[-1].state if answers else None
        answers.append(ask(http_receiver.url, condition, state, texts))
        texts.update({url: text for url, text in answers[-1].texts.items() if text})
    return answers


def test_a_condition_that_holds_at_the_first_visit_is_told(http_receiver):
    http_receiver.answers = [html("Bread: <b>in stock</b>!")]
    url = f"{http_receiver.url}/bread"

    answer = ask(f"Is there bread? {url}", 'contains "In Stock"')

    evidence = 'The page contains "In Stock": "The shop Bread: in stock!".'
    assert answer == Answer(
        condition_met=True,
        notification=f"**The shop**\n\n{evidence}\n\n<{url}>",
        evidence=evidence,
        confidence=100,
        sources=[Source(url=url, title="The shop")],
        activity=[{"action": "fetch", "url": url}],
        state={
            "rule": 'contains "In Stock"',
            "met": True,
            "pages": {
                url: {
                    "reading": READING,
                    "holds": True,
                    "seen": {
                        "reading": READING,
                        "at": NOW.isoformat(),
                        "characters": len(PageTexts.unpack(answer.texts[url] or b"").last),
                        "language": "",
                        "currencies": [],
                        "title": "The shop",
                        "url": url,
                        "kind": "html",
                        "is_closed": False,
                    },
                }
            },
        },
        texts={url: answer.texts[url]},
        next_run_at=NOW + timedelta(minutes=15),
    )
    texts = PageTexts.unpack(answer.texts[url] or b"")
    assert texts.last.split() == texts.told.split() == ["The", "shop", "Bread:", "in", "stock!"]
    assert texts.first_look is None
    (request,) = http_receiver.requests
    assert (request.method, request.path) == ("GET", "/bread")


def test_a_condition_that_does_not_hold_is_not_told(http_receiver):
    http_receiver.answers = [html("Sold out")]

    answer = ask(http_receiver.url, 'contains "In stock"')

    assert answer.condition_met is False
    assert answer.notification is None
    assert answer.evidence == 'The page does not contain "In stock".'
    assert answer.state["met"] is False


def test_the_next_visit_comes_after_the_interval_of_the_settings(http_receiver, settings):
    settings.TORALE_PAGE_INTERVAL_MINUTES = 60
    http_receiver.answers = [html("Sold out")]

    answer = ask(http_receiver.url, 'contains "In stock"')

    assert answer.next_run_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("condition", "absent", "present"),
    [
        ('contains "in stock"', "Sold out", "In\n stock"),
        ('does not contain "sold out"', "Sold out", "In stock"),
        ("matches /[1-9]\\d* left/", "0 left", "10 left"),
        ("matches /IN STOCK/i", "Sold out", "In stock"),
        ('css("b") < 100', "<b>$ 100.00</b>", "<b>$ 99.95</b>"),
        ('css("b") >= 0', "Sold out", "<b>5</b>"),
    ],
)
def test_news_is_told_once_each_time_the_condition_becomes_true(
    http_receiver, condition, absent, present
):
    visits = [absent, present, present, absent, present]

    answers = ask_in_turn(http_receiver, condition, [html(text) for text in visits])

    assert [answer.condition_met for answer in answers] == [False, True, False, False, True]
    assert [answer.state["met"] for answer in answers] == [False, True, True, False, True]
    assert [answer.notification is not None for answer in answers] == [
        False,
        True,
        False,
        False,
        True,
    ]
    assert answers[2].evidence == f"Still true: {answers[1].evidence}"


def test_a_text_is_quoted_with_what_is_around_it(http_receiver):
    http_receiver.answers = [html(f"{'a' * 80} in stock {'b' * 80}")]

    answer = ask(http_receiver.url, 'contains "in stock"')

    around = f"…{'a' * 59} in stock {'b' * 59}…"
    assert answer.evidence == f'The page contains "in stock": "{around}".'


def test_a_page_without_a_title_is_named_by_its_host(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=b"In stock")]

    answer = ask(http_receiver.url, 'contains "in stock"')

    host = http_receiver.url.removeprefix("http://")
    assert answer.sources == [Source(url=http_receiver.url, title=host)]
    assert answer.notification == (
        f'**{host}**\n\nThe page contains "in stock": "In stock".\n\n<{http_receiver.url}>'
    )


def test_a_number_on_a_page_is_compared(http_receiver):
    http_receiver.answers = [html('Now <b class="price">1.299,95 €</b>')]

    answer = ask(http_receiver.url, 'css(".price") < 1300')

    assert answer.condition_met is True
    assert answer.evidence == (
        'The number found by css(".price") is 1299.95 ("1.299,95 €"), which is < 1300.'
    )


def test_a_number_in_json_is_compared(http_receiver):
    http_receiver.answers = [HTTPAnswer(status=200, body=b'{"left": [0, 3]}', headers=JSON)]

    answer = ask(http_receiver.url, 'json("$.left[0]") >= 1')

    assert answer.condition_met is False
    assert answer.evidence == (
        'The number found by json("$.left[0]") is 0 ("0"), which is not >= 1.'
    )


def test_a_number_that_is_not_there_meets_nothing(http_receiver):
    http_receiver.answers = [html("Sold out")]

    answer = ask(http_receiver.url, 'css(".price") != 0')

    assert answer.condition_met is False
    assert answer.evidence == 'No number was found by css(".price").'


def test_a_change_is_told_with_what_is_gone_and_new(http_receiver):
    visits = ["Bread</p><p>Old &amp; dry", "Bread</p><p>Old &amp; dry", "Bread</p><p>Fresh"]

    first, second, third = ask_in_turn(http_receiver, "changes", [html(text) for text in visits])

    assert first.notification is None
    assert re.fullmatch(r"First visit: remembered 2\d characters to compare with\.", first.evidence)
    assert second.notification is None
    assert second.evidence == "The page has not changed."
    assert third.evidence == 'The page has changed. Gone: "Old & dry". New: "Fresh".'
    assert third.notification == (
        "**The shop**\n\n"
        "The page has changed.\n\n"
        "Gone:\n\n- Old \\& dry\n\n"
        "New:\n\n- Fresh\n\n"
        f"<{http_receiver.url}>"
    )


def test_every_change_is_told(http_receiver):
    visits = ["Bread", "Butter", "Bread"]

    answers = ask_in_turn(http_receiver, "changes", [html(text) for text in visits])

    assert [answer.condition_met for answer in answers] == [False, True, True]


def test_a_change_far_down_a_long_page_is_told(http_receiver):
    visits = ["a" * 1_000_000 + last for last in ("b", "c")]

    _, answer = ask_in_turn(http_receiver, "changes", [html(text) for text in visits])

    around = "a" * 40
    assert answer.evidence == (f'The page has changed. Gone: "…{around}b". New: "…{around}c".')
    assert answer.condition_met is True


def test_a_large_change_is_shortened(http_receiver):
    _, answer = ask_in_turn(http_receiver, "changes", [html(""), html("a" * 500)])

    assert answer.evidence == f'The page has changed. New: "{"a" * 400}…".'


def test_a_condition_that_only_repeats_the_query_waits_for_a_change(http_receiver):
    http_receiver.answers = [html("Bread")]

    answer = ask(http_receiver.url, http_receiver.url)

    assert answer.state["rule"] == "changes"


def test_a_changed_condition_begins_anew(http_receiver):
    http_receiver.answers = [html("In stock, 5 left")]
    before = ask(http_receiver.url, 'contains "In stock"')

    answer = ask(http_receiver.url, 'contains "5 left"', before.state)

    assert before.condition_met is True
    assert answer.condition_met is True


def test_a_condition_that_is_only_spelled_otherwise_goes_on(http_receiver):
    http_receiver.answers = [html("In stock")]
    before = ask(http_receiver.url, 'contains "In stock"')

    answer = ask(http_receiver.url, "  Contains 'In stock'", before.state)

    assert answer.condition_met is False


def test_of_several_pages_those_with_news_are_told(http_receiver):
    urls = [f"{http_receiver.url}/{name}" for name in ("bread", "butter")]
    http_receiver.answers = [html("Sold out")]
    before = ask(" and ".join(urls), 'contains "in stock"')
    http_receiver.answers = [html("In stock")]

    answer = ask(" and ".join([*urls, urls[0]]), 'contains "in stock"', before.state)

    told = 'The page contains "in stock": "The shop In stock".'
    assert answer.notification == "\n\n".join(f"**The shop**\n\n{told}\n\n<{url}>" for url in urls)
    assert answer.evidence == "\n\n".join(f"{url}: {told}" for url in urls)
    assert answer.sources == [Source(url=url, title="The shop") for url in urls]
    visited = [request.path for request in http_receiver.requests[2:]]
    assert sorted(visited) == ["/bread", "/butter"]


def test_a_page_added_to_the_query_is_told_alone(http_receiver):
    http_receiver.answers = [html("In stock")]
    old, new = f"{http_receiver.url}/old", f"{http_receiver.url}/new"
    before = ask(old, 'contains "in stock"')

    answer = ask(f"{old} {new}", 'contains "in stock"', before.state)

    assert answer.notification == (
        f'**The shop**\n\nThe page contains "in stock": "The shop In stock".\n\n<{new}>'
    )


def test_a_redirect_is_followed(http_receiver):
    http_receiver.answers = [
        HTTPAnswer(status=301, headers={"Location": "/new"}),
        html("In stock"),
    ]

    answer = ask(f"{http_receiver.url}/old", 'contains "in stock"')

    assert answer.condition_met is True
    assert [source.url for source in answer.sources] == [f"{http_receiver.url}/old"]
    assert [request.path for request in http_receiver.requests] == ["/old", "/new"]


MARKUP = "*a* _b_ `c` [d](http://e) <b> &amp; \\* ~~f~~ | ![g](h) **i** <http://j>"


def test_what_a_page_says_cannot_become_markup(http_receiver):
    http_receiver.answers = [html(escape(MARKUP), title=escape(MARKUP))]

    answer = ask(http_receiver.url, 'contains "*a*"')

    assert answer.notification is not None
    # 60 characters after the text that was found.
    around = escape(f"{MARKUP} {MARKUP}"[:63])
    assert MarkdownIt("commonmark").render(answer.notification) == (
        f"<p><strong>{escape(MARKUP)}</strong></p>\n"
        f"<p>The page contains &quot;*a*&quot;: &quot;{around}…&quot;.</p>\n"
        f'<p><a href="{http_receiver.url}">{http_receiver.url}</a></p>\n'
    )


def test_a_notification_reads_well_as_it_is():
    told = tell("Bread #1 (new!) - 5.00 + tax", "https://a.example/<b>", "It's 5 - {4}.")

    assert told == (
        "**Bread #1 (new!) - 5.00 + tax**\n\nIt's 5 - {4}.\n\n<https://a.example/%3Cb%3E>"
    )


@pytest.mark.parametrize("character", "\\`*_[]<>&~|")
def test_what_could_start_markup_is_escaped(character):
    told = tell(f"a{character}b", "https://a.example/", f"Seen: {character}")

    assert told == (f"**a\\{character}b**\n\nSeen: \\{character}\n\n<https://a.example/>")


@given(
    st.text("a *_`[]()<>&;~|\\!#+-={}'\"/:.1\t\n", min_size=1).filter(str.strip),
    st.text("a *_`[]()<>&;~|\\!#+-={}'\"/:.1\t\n"),
)
def test_no_title_and_no_evidence_becomes_markup(title, evidence):
    told = tell(title, "https://a.example/", f"Seen: {evidence}")

    paragraph, strong, link = (
        [token.type for token in tokens if token.type not in ("text", "text_special")]
        for tokens in (
            block.children
            for block in MarkdownIt("gfm-like", {"linkify": False}).parse(told)
            if block.type == "inline" and block.children is not None
        )
    )
    assert paragraph == ["strong_open", "strong_close"]
    assert strong == []
    assert link == ["link_open", "link_close"]
