"""How visits of a task are put together to what its page shows."""

import pytest

from console.task_history import EXECUTIONS_A_PAGE, history_of, sends_of
from tests.support.factories import (
    NOW,
    days,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
)
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(owner):
    return make_task(owner)


def visit(task, *, ago: float, evidence: str = "Sold out.", **fields):
    return make_execution(
        task, created_at=NOW - days(ago), **{"result": {"evidence": evidence}, **fields}
    )


def shown(history) -> list[tuple[str, int]]:
    """What each entry says, and for how many visits."""
    return [
        (
            entry.execution.notification
            or entry.execution.error_message
            or (entry.execution.result or {}).get("evidence")
            or entry.execution.status,
            entry.count,
        )
        for entry in history.entries
    ]


def history(task, **options):
    return history_of(task, **{"is_owner": True, **options})


def test_visits_in_a_row_that_found_the_same_are_one_entry(task):
    newest = visit(task, ago=1)
    visit(task, ago=2)
    oldest = visit(task, ago=3)

    [entry] = history(task).entries

    assert (entry.execution, entry.first, entry.count) == (newest, oldest, 3)


def test_something_else_in_between_parts_them(task):
    visit(task, ago=1)
    visit(task, ago=2, evidence="In stock.")
    visit(task, ago=3)

    assert shown(history(task)) == [("Sold out.", 1), ("In stock.", 1), ("Sold out.", 1)]


def test_failures_in_a_row_are_one_entry_if_they_say_the_same(task):
    for ago, words in enumerate(("Timeout.", "Timeout.", "The server answered 500.")):
        visit(task, ago=ago, status="failed", result=None, error_message=words)

    assert shown(history(task)) == [("Timeout.", 2), ("The server answered 500.", 1)]


def test_what_was_told_is_always_an_entry_of_its_own(task):
    for ago in (1, 2):
        visit(task, ago=ago, notification="In stock.")

    assert shown(history(task)) == [("In stock.", 1), ("In stock.", 1)]


def test_a_visit_without_a_result_is_an_entry(task):
    make_pending_execution(task)

    assert shown(history(task)) == [("pending", 1)]


@pytest.mark.parametrize(
    ("fields", "look"),
    [
        ({"notification": "In stock."}, "good"),
        ({}, ""),
        ({"status": "failed", "result": None, "error_message": "Timeout."}, "bad"),
        ({"status": "cancelled", "result": None}, ""),
    ],
)
def test_an_entry_looks_like_what_came_of_it(task, fields, look):
    visit(task, ago=1, **fields)

    assert [entry.look for entry in history(task).entries] == [look]


def test_who_was_told_is_shown_oldest_first_and_to_the_owner_only(owner, task):
    told = visit(task, ago=1, notification="In stock.")
    last = make_send(owner, task=task, execution=told)
    first = make_send(
        owner,
        task=task,
        execution=told,
        notification_type="email",
        recipient="owner@example.com",
        created_at=NOW - days(1),
    )

    assert [[*entry.sends] for entry in history(task).entries] == [[first, last]]
    assert [[*entry.sends] for entry in history(task, is_owner=False).entries] == [[]]


def test_sends_of_another_user_are_none_of_the_tasks(stranger, task):
    told = visit(task, ago=1, notification="In stock.")
    make_send(stranger, execution=told)

    assert sends_of(task, [told.pk]) == {}


def test_others_see_only_what_was_told(task):
    visit(task, ago=1)
    visit(task, ago=2, notification="In stock.")
    visit(task, ago=3, status="failed", result=None, error_message="Timeout.")

    assert shown(history(task, is_owner=False)) == [("In stock.", 1)]


def test_pages_have_each_visit_once_also_if_many_began_at_the_same_time(task):
    for _ in range(EXECUTIONS_A_PAGE + 5):
        visit(task, ago=1, notification="In stock.")

    first = history(task)
    second = history(task, before=first.older_than)

    ids = [entry.execution.pk for page in (first, second) for entry in page.entries]
    assert len(first.entries) == EXECUTIONS_A_PAGE
    assert len(ids) == len({*ids}) == EXECUTIONS_A_PAGE + 5
    assert (first.is_newest, second.is_newest, second.older_than) == (True, False, None)


def test_a_full_page_that_is_the_last_leads_to_no_empty_one(task):
    for ago in range(EXECUTIONS_A_PAGE):
        visit(task, ago=ago)

    assert history(task).older_than is None


def test_the_history_can_begin_with_a_visit(task):
    visit(task, ago=1, evidence="Later.")
    wanted = visit(task, ago=2, evidence="Wanted.")
    visit(task, ago=3, evidence="Earlier.")

    found = history(task, up_to=wanted.pk)

    assert shown(found) == [("Wanted.", 1), ("Earlier.", 1)]
    assert not found.is_newest


@pytest.mark.parametrize("option", ["before", "up_to"])
def test_it_is_empty_from_a_visit_that_is_unknown(task, option):
    visit(task, ago=1)

    assert history(task, **{option: uuid7()}).entries == []
