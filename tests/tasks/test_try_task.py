"""`manage.py try_task` previews a question in the terminal."""

import json
import re
import shlex
from io import StringIO
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.support.answered_questions import SAYS
from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import JSON, html


def output_of(*arguments: str) -> str:
    out = StringIO()
    call_command("try_task", *arguments, stdout=out)
    return out.getvalue()


# Without the mark `django_db`, a query would fail these tests: it needs no database.


def test_it_prints_what_is_read_and_what_the_condition_says(http_receiver):
    http_receiver.answers = [html("Bread: 2.50")]

    printed = output_of(http_receiver.url, 'contains "bread"')

    assert (
        printed
        == f"""{http_receiver.url}
  Title: The shop
  Text:
    The shop
    Bread: 2.50
  Characters: 20
  Holds: yes
  Evidence: The page contains "bread": "The shop Bread: 2.50".

The condition is true now.
"""
    )


OFFER = (
    '<script type="application/ld+json">{"@type": "Product", "name": "Bread", "offers": {"price": '
    '"2.50", "priceCurrency": "EUR"}}</script><b>only<br>2,50 €</b>'
)


def test_what_selectors_and_price_find_is_not_printed_as_raw_python(http_receiver):
    http_receiver.answers = [html(OFFER)]

    printed = output_of(http_receiver.url, 'price < 3 € and css("b") < 3 or css("i") < 3')

    assert "  Price: 2.50 EUR, from JSON-LD\n" in printed
    assert '  Selected:\n    css("b"): only / 2,50 €\n    css("i"): nothing\n' in printed


def test_the_entries_of_a_feed_are_not_printed_as_raw_python(http_receiver):
    entries = "<item><title>A</title><link>/a</link></item><item><title>B</title></item>"
    feed = f"<rss><channel><title>News</title>{entries}</channel></rss>"
    http_receiver.answers = [HTTPAnswer(200, body=feed.encode())]

    printed = output_of(http_receiver.url, "new items")

    assert f"  Items:\n    A {http_receiver.url}/a\n    B\n" in printed


def test_a_page_does_not_command_the_terminal(http_receiver):
    value = {"a": "\x1b[2Jopen\tnow"}
    http_receiver.answers = [HTTPAnswer(200, body=json.dumps(value).encode(), headers=JSON)]

    printed = output_of(http_receiver.url, 'json("$.a") == "open"')

    assert "\x1b" not in printed
    assert 'Selected: json("$.a"): \N{REPLACEMENT CHARACTER}[2Jopen now\n' in printed


def test_a_page_that_cannot_be_read_is_printed_beside_others(http_receiver):
    answers = {"/": html("Bread"), "/gone": HTTPAnswer(404)}
    http_receiver.judge = lambda request: answers[request.path]
    gone = f"{http_receiver.url}/gone"

    printed = output_of(f"{gone} {http_receiver.url}/", "changes")

    assert f"{gone}\n  Error: {gone} answered 404 Not Found.\n\n" in printed


def test_without_a_condition_it_waits_for_changes(http_receiver):
    http_receiver.answers = [html("Bread: 2.50")]

    assert output_of(http_receiver.url).endswith("The condition is not true now.\n")


def test_it_sends_headers(http_receiver):
    http_receiver.answers = [html("Bread: 2.50")]

    output_of(http_receiver.url, "--header", "Cookie: session=3f9a2c71", "--header", "X-A:b")

    [request] = http_receiver.requests
    assert (request.headers["cookie"], request.headers["x-a"]) == ("session=3f9a2c71", "b")


def test_it_warns_of_what_may_surprise(http_receiver):
    http_receiver.answers = [html("bread " * 5000)]

    printed = output_of(http_receiver.url, 'contains "bread"')

    assert "Warning: Only the first 10,000 of 30," in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Is there bread?"], "Name the page to watch"),
        (["https://shop.example/", "if it is nice"], "Unknown condition"),
        (["https://shop.example/", "--header", "Host: a"], "--header: header Host is set by"),
        (
            ["https://a.example/ https://b.example/", "--header", "Cookie: a"],
            "names pages of 2: https://a.example, https://b.example",
        ),
    ],
)
def test_what_no_task_may_have_is_refused(arguments, said):
    with pytest.raises(CommandError, match=said):
        output_of(*arguments)


def test_a_page_that_cannot_be_read_is_an_error(http_receiver):
    http_receiver.answers = [HTTPAnswer(404)]

    with pytest.raises(CommandError, match=r"answered 404 Not Found\."):
        output_of(http_receiver.url)


def test_a_question_in_plain_words_is_answered_step_by_step(answered_questions):
    page = (settings.BASE_DIR / "docs" / "monitors.md").read_text()
    [command] = re.findall(r"^manage\.py (try_task .+)$", page, re.MULTILINE)
    _, *arguments = shlex.split(command)

    printed = output_of(*arguments)

    [seconds] = re.findall(r"(\d+) s\n$", printed)
    url = f"{answered_questions.web.url}/about/{quote(arguments[0][:60])}"
    assert printed == (
        f"""\
Plan: {arguments[0]}; look every 6 hours
Searched for “{arguments[0][:60]}”: 1 found
Read: “News” {url}
Ask for a second opinion

The condition is true.

“{SAYS}” ({urlsplit(url).netloc})
Source: {url} News

1. Check “evidence”: passed: One quote stands on pages that were read.
2. Check “second opinion”: passed: The quotes alone show it.
3. Check “closed form”: passed: There is no value to tell.
4. Check “not told before”: passed: This has not been told.
5. Check “schedule”: passed: The next visit is on {next_visit(printed)} UTC.
6. Check “something new”: passed: The model was asked.
7. Check “no fault”: passed: Nothing failed.

The condition is true now. You would be told.
scripted, asked 5 times: 500 tokens sent and 100 received, price not known, {seconds} s
"""
    )


def next_visit(printed: str) -> str:
    return printed.partition("The next visit is on ")[2].partition(" UTC")[0]
