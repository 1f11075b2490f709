"""`manage.py try_task` previews a question in the terminal."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import html


def output_of(*arguments: str) -> str:
    out = StringIO()
    call_command("try_task", *arguments, stdout=out)
    return out.getvalue()


# Without the mark `django_db`, a query would fail these tests: it needs no database.


def test_it_prints_what_is_read_and_what_the_condition_says(http_receiver):
    http_receiver.answers = [html("Bread: 2.50")]

    printed = output_of(http_receiver.url, 'contains "bread"')

    assert http_receiver.url in printed
    assert "title: The shop" in printed
    assert 'evidence: The page contains "bread"' in printed
    assert printed.endswith("The condition is true now.\n")


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
