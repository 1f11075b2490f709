"""The section "Tasks": a question is tried before a task is created."""

import asyncio
from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from executions import monitors
from executions.models import Execution
from executions.monitors import Usage
from tasks import preview
from tasks.models import Task
from tasks.previews import Preview
from tests.support.api_calls import AT_NOW, QUESTION, TASKS
from tests.support.factories import NOW, make_preview
from tests.support.receivers import HTTPAnswer
from tests.support.watched_pages import html

#: A worker stores what it sees over a connection of its own.
pytestmark = [pytest.mark.usefixtures("at_now"), pytest.mark.django_db(transaction=True)]

URL = f"{TASKS}/preview"


def requested(client, **members):
    response = client.post(URL, {**QUESTION, **members}, format="json")
    assert response.status_code == 202, response.text
    return response.json()


def made(client, **members):
    """Request a preview, make it as a worker does, and return what is shown."""
    id_ = requested(client, **members)["id"]
    asyncio.run(preview.run(UUID(id_)))
    response = client.get(f"{URL}/{id_}")
    assert response.status_code == 200, response.text
    return response.json()


def test_it_is_accepted_and_left_to_a_worker(owner_client):
    """`POST /api/v1/tasks/preview` (`search_query`, and as for a task `condition_description` and
    `request_headers`) → 202
    `{"id", "status"}`. A worker visits the pages,"""
    answer = requested(owner_client)

    shown = owner_client.get(f"{URL}/{answer['id']}")

    assert answer == {"id": answer["id"], "status": "pending"}
    assert shown.json() == {
        **answer,
        "error_message": None,
        "holds": None,
        "evidence": None,
        "pages": [],
        "warnings": [],
        "activity": [],
        "usage": None,
        "created_at": AT_NOW,
        "expires_at": "2026-03-04T09:10:10Z",
    }
    [job] = ProcrastinateJob.objects.all()
    assert (job.task_name, job.queue_name) == ("run_preview", "previews")
    assert job.args == {"preview_id": answer["id"]}


def test_it_shows_what_is_read_and_what_the_condition_says(owner_client, http_receiver):
    """`GET /api/v1/tasks/preview/{id}` → `id, status (pending|running|success|failed),
    error_message, holds,
    evidence, pages, warnings, activity, usage, created_at, expires_at` … An entry of
    `pages` has `url` and `error`, and if the page was read also `title, text, characters, items,
    price, selected,
    holds, evidence`;"""
    http_receiver.answers = [html("Bread: <b>2.50</b>")]
    evidence = 'The number found by css("b") is 2.50 ("2.50"), which is < 3.'

    shown = made(owner_client, search_query=http_receiver.url, condition_description='css("b") < 3')

    assert shown == {
        "id": shown["id"],
        "status": "success",
        "error_message": None,
        "holds": True,
        "evidence": evidence,
        "pages": [
            {
                "url": http_receiver.url,
                "error": None,
                "title": "The shop",
                "text": shown["pages"][0]["text"],
                "characters": len(shown["pages"][0]["text"]),
                "items": [],
                "price": None,
                "selected": [{"selector": 'css("b")', "text": "2.50"}],
                "holds": True,
                "evidence": evidence,
            }
        ],
        "warnings": [],
        "activity": [],
        "usage": None,
        "created_at": AT_NOW,
        "expires_at": "2026-03-04T09:10:10Z",
    }
    assert "Bread: 2.50" in shown["pages"][0]["text"]


def test_what_a_model_did_and_cost_is_shown(owner, owner_client):
    """If a model was asked, `activity` has its steps and `usage` the members of
    `result.usage` of an execution; else they are `[]` and null."""
    usage = Usage(
        model="gpt-5-mini",
        requests=3,
        input_tokens=12000,
        output_tokens=640,
        cost_usd=None,
        seconds=12.4,
    )
    seen = monitors.Preview(
        holds=True, evidence="It says so.", activity=[{"action": "search"}], usage=usage
    )
    preview = make_preview(owner, status="success", result=asdict(seen))

    shown = owner_client.get(f"{URL}/{preview.pk}").json()

    assert (shown["activity"], shown["usage"]) == ([{"action": "search"}], asdict(usage))


OFFER = (
    '<script type="application/ld+json">{"@type": "Product", "name": "Bread", "offers": {"price": '
    '"2.50", "priceCurrency": "EUR"}}</script><p id="now">only 1,99 €'
)


@pytest.mark.parametrize(
    ("condition", "price"),
    [
        ("price < 3", {"amount": "2.50", "currency": "EUR", "source": "json_ld"}),
        ("changes", {"amount": "2.50", "currency": "EUR", "source": "json_ld"}),
        ('in css("#now") price < 3', {"amount": "1.99", "currency": "EUR", "source": "text"}),
        ('in css("title") price < 3', None),
    ],
)
def test_what_price_found_is_not_missing(owner_client, http_receiver, condition, price):
    """`price` is `{"amount", "currency", "source"}`, or null if it is unknown, with a `source` of
    `json_ld`,
    `microdata`, `open_graph` or `text`."""
    http_receiver.answers = [html(OFFER)]

    shown = made(owner_client, search_query=http_receiver.url, condition_description=condition)

    assert shown["pages"][0]["price"] == price


def test_nothing_enters_a_tasks_history(owner_client, http_receiver):
    """no task is created, and nothing enters a
    task's history."""
    http_receiver.answers = [html("In stock")]

    shown = made(owner_client, search_query=http_receiver.url)

    assert shown["holds"] is True
    assert not Task.objects.exists()
    assert not Execution.objects.exists()


def test_a_page_that_cannot_be_read_says_why(owner_client, http_receiver):
    """An entry of
    `pages` has `url` and `error`,"""
    answers = {"/": html("In stock"), "/gone": HTTPAnswer(404)}
    http_receiver.judge = lambda request: answers[request.path]
    query = f"{http_receiver.url}/gone {http_receiver.url}/"

    shown = made(owner_client, search_query=query)

    [gone, there] = shown["pages"]
    assert gone == {
        "url": f"{http_receiver.url}/gone",
        "error": f"{http_receiver.url}/gone answered 404 Not Found.",
    }
    assert (there["error"], there["holds"]) == (None, True)
    assert (shown["status"], shown["holds"]) == ("success", True)


def test_it_fails_if_nothing_can_be_read(owner_client, http_receiver):
    """status (pending|running|success|failed), error_message,"""
    http_receiver.answers = [HTTPAnswer(404)]

    shown = made(owner_client, search_query=http_receiver.url)

    assert (shown["status"], shown["holds"], shown["pages"]) == ("failed", None, [])
    assert shown["error_message"] == f"{http_receiver.url} answered 404 Not Found."


def test_pages_have_twenty_seconds():
    """for up to 20 seconds each;"""
    assert timedelta(seconds=20) == preview.PAGE_TIME_LIMIT


def test_the_result_is_shown_for_ten_minutes(owner_client, time_machine, http_receiver):
    """for ten minutes, then 404,"""
    http_receiver.answers = [html("In stock")]
    shown = made(owner_client, search_query=http_receiver.url)

    answers = []
    for passed in (timedelta(minutes=10, seconds=-1), timedelta(minutes=10)):
        time_machine.move_to(NOW + passed, tick=False)
        answers.append(owner_client.get(f"{URL}/{shown['id']}").status_code)
        preview.forget_expired(now=NOW + passed)

    assert answers == [200, 404]
    assert not Preview.objects.exists()


def test_another_users_is_404(owner_client, stranger_client):
    """then 404, as for another user's."""
    id_ = requested(owner_client)["id"]

    assert stranger_client.get(f"{URL}/{id_}").status_code == 404


def test_request_headers_are_sent_and_then_forgotten(owner_client, http_receiver):
    """as for a task `condition_description` and `request_headers`)"""
    http_receiver.answers = [html("In stock")]
    sent = {"Cookie": "session=3f9a2c71"}

    made(owner_client, search_query=http_receiver.url, request_headers=sent)

    [request] = http_receiver.requests
    assert request.headers["cookie"] == "session=3f9a2c71"
    assert Preview.objects.get().request_headers is None


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"search_query": "no page"}, "search_query"),
        ({"condition_description": "if it is nice"}, "condition_description"),
        ({"request_headers": {"Host": "a"}}, "request_headers"),
        ({"request_headers": {"Cookie": "********"}}, "request_headers"),
        (
            {"search_query": "https://a.example https://b.example", "request_headers": {"A": "b"}},
            "request_headers",
        ),
    ],
)
def test_what_no_task_may_have_is_refused(owner_client, members, at):
    """as for a task `condition_description` and `request_headers`)"""
    response = owner_client.post(URL, {**QUESTION, **members}, format="json")

    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", at]]
    assert not Preview.objects.exists()


def test_a_user_has_two_at_a_time(owner_client, stranger_client, http_receiver):
    """A user may request 10 a minute and have 2 unfinished ones: 429 beyond."""
    http_receiver.answers = [html("In stock")]
    first = requested(owner_client, search_query=http_receiver.url)
    requested(owner_client)

    third = owner_client.post(URL, QUESTION, format="json")
    asyncio.run(preview.run(UUID(first["id"])))

    assert (third.status_code, third.headers["Retry-After"]) == (429, "5")
    assert third.json()["detail"].startswith("You have 2 previews that have not finished.")
    assert requested(stranger_client)["status"] == "pending"
    assert requested(owner_client)["status"] == "pending"


def test_a_user_has_ten_a_minute(owner_client, stranger_client):
    """A user may request 10 a minute and have 2 unfinished ones: 429 beyond."""
    for _ in range(10):
        requested(owner_client)
        Preview.objects.all().delete()

    eleventh = owner_client.post(URL, QUESTION, format="json")

    # The minute of 9:00:10 ends in 50 seconds.
    assert (eleventh.status_code, eleventh.headers["Retry-After"]) == (429, "50")
    assert eleventh.json()["detail"].startswith("You may request 10 previews a minute.")
    assert requested(stranger_client)["status"] == "pending"
