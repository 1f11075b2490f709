"""The section "Tasks": when a task that could not look is visited again, and what it warns of."""

from datetime import datetime, timedelta

import pytest

from tests.support import run_visits
from tests.support.api_calls import TASKS, new_task
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("at_now")]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def visited(owner_client, http_receiver):
    """Return a function that has a task visited and returns the task."""

    def visit(task, answer: HTTPAnswer):
        http_receiver.answers = [answer]
        owner_client.post(f"{TASKS}/{task['id']}/execute")
        run_visits.visit()
        return owner_client.get(f"{TASKS}/{task['id']}").json()

    return visit


def wait(task) -> timedelta:
    return datetime.fromisoformat(task["next_run"]) - NOW


def test_a_failed_visit_is_made_up_for_soon(owner_client, http_receiver, visited):
    """A failed visit
    is made up for 1, 2, 4 … minutes later, at most the interval or an hour;"""
    task = new_task(owner_client, search_query=http_receiver.url)

    waits = [wait(visited(task, HTTPAnswer(403))) for _ in range(6)]

    assert [each / MINUTE for each in waits] == [1, 2, 4, 8, 15, 15]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "expected"), [("7200", 2 * 60 * MINUTE), ("999999", DAY)])
def test_a_server_may_ask_for_more_time(
    owner_client, http_receiver, visited, status, header, expected
):
    """a `Retry-After` of 429 and 503 is honoured up
    to a day, …Both stand in `warnings`."""
    task = new_task(owner_client, search_query=http_receiver.url)

    shown = visited(task, HTTPAnswer(status, headers={"Retry-After": header}))

    assert abs(wait(shown) - expected) < MINUTE
    assert [str(status) in warning for warning in shown["warnings"]] == [True]
    assert visited(task, HTTPAnswer(200, b"there"))["warnings"] == []


def test_a_page_that_is_gone_is_visited_daily(owner_client, http_receiver, visited):
    """and a page that answers 410 is visited daily. Both stand in `warnings`."""
    task = new_task(owner_client, search_query=http_receiver.url)

    waits = [wait(visited(task, HTTPAnswer(410))) for _ in range(3)]

    assert waits == [DAY, DAY, DAY]
    [warning] = owner_client.get(f"{TASKS}/{task['id']}").json()["warnings"]
    assert "410" in warning


def test_success_returns_to_the_schedule(owner_client, http_receiver, visited):
    """A failed visit
    is made up for"""
    task = new_task(owner_client, search_query=http_receiver.url)
    for _ in range(2):
        visited(task, HTTPAnswer(403))

    regular, soon = (wait(visited(task, HTTPAnswer(status, b"x"))) for status in (200, 403))

    # It varies by up to 10 %, so that not all tasks come at once.
    assert 13.5 * MINUTE <= regular <= 16.5 * MINUTE
    assert soon == MINUTE


def test_warnings_are_read_by_the_owner_only(owner_client, stranger_client, http_receiver, visited):
    """`warnings` (read-only, the owner's only): sentences about a watch that may no longer see what
    it should."""
    task = new_task(owner_client, search_query=http_receiver.url, is_public=True)
    url = f"{TASKS}/{task['id']}"
    warnings = visited(task, HTTPAnswer(410))["warnings"]

    changed = owner_client.patch(url, {"warnings": []}, format="json").json()

    assert changed["warnings"] == warnings != []
    assert stranger_client.get(url).json()["warnings"] == []
