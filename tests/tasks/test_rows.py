"""Rows of lists are the bytes that the serializer makes of the same tasks."""

from typing import Any

import pytest
from cryptography.fernet import Fernet

from tasks.models import State, Task, attach_last_executions
from tasks.rows import task_rows
from tasks.serializers import TaskReadSerializer, shown_to
from tests.support.factories import (
    NOW,
    days,
    make_execution,
    make_pending_execution,
    make_task,
)
from torale.api.renderers import JSONRenderer

pytestmark = pytest.mark.django_db

DESTINATIONS = {
    "notification_email": "second@example.com",
    "webhook_url": "https://r.example/",
    "webhook_method": "PUT",
    "webhook_headers": {"X-Token": "secret"},
}
SOURCE = {"url": "https://shop.example/", "uri": "https://shop.example/", "title": "“Shop”"}
FAILED = {"url": "https://shop.example/2", "error": "It answered 500."}
RESULT = {
    "activity": [{"step": "fetch"}],
    "evidence": "1.50 €",
    "confidence": 100,
    "sources": [SOURCE["url"]],
    "failed_pages": [FAILED],
    "unknown": 1,
}

#: Fields of tasks by what is particular to them.
KINDS: dict[str, dict[str, Any]] = {
    "new": {},
    "destinations": DESTINATIONS,
    "chat": {**DESTINATIONS, "webhook_method": "POST", "webhook_format": "slack"},
    "email only": {"notification_email": "second@example.com"},
    "headers without a webhook": {"webhook_headers": {"X-Token": "secret"}},
    "request headers": {"request_headers": {"Cookie": "a=b", "Accept-Language": "de"}},
    "no request headers": {"request_headers": {}},
    "muted": {"is_muted": True},
    "public": {"is_public": True, "view_count": 3, "subscriber_count": 2},
    "paused": {"state": State.PAUSED},
    "completed": {"state": State.COMPLETED, "updated_at": NOW.replace(microsecond=50)},
    "schedule": {"schedule": "0 9 * * 1-5", "time_zone": "Europe/Berlin"},
    "failing": {
        "failed_run_count": 3,
        "failing_since": NOW,
        "warnings": [{"text": "It answered 410.", "since": NOW.isoformat()}],
        "immediate_execution_error": "The page is gone.",
    },
    "remembers": {"last_known_state": {"b": 1.5, "a": [None, True, "ä\u2028\\u0000"]}},
    "odd memory": {"last_known_state": "text"},
    "context": {"context": {"b": {"c": 1}, "a": 12345678901234567890}},
    "large number": {"context": {"a": 2**63, "b": "1234567890123456789", "c": 0.1 + 0.2}},
}
#: Fields of a task's last execution.
EXECUTIONS: dict[str, dict[str, Any]] = {
    "met": {"notification": "**In stock**", "result": RESULT, "grounding_sources": [SOURCE]},
    "failed": {"status": "failed", "result": None, "error_message": "It did not answer."},
    "odd result": {"result": [], "grounding_sources": ["text"]},
}


@pytest.fixture
def tasks(owner):
    """Tasks of all kinds; some have executions."""
    for name, fields in KINDS.items():
        make_task(owner, name=name, **fields)
    for name, fields in EXECUTIONS.items():
        task = make_task(owner, name=name)
        make_execution(task, created_at=NOW - days(1))
        make_execution(task, **fields)
    make_pending_execution(make_task(owner, name="pending"))
    fork = make_task(owner, name="fork", forked_from_task=Task.objects.get(name="public"))
    make_execution(fork, created_at=NOW)
    return Task.objects.newest_first()


def assert_same(tasks, rf, *, reader):
    request = rf.get("/")
    request.user = reader
    serializer = TaskReadSerializer(context={"request": request})
    attached = attach_last_executions(tasks)
    one_by_one = [serializer.to_representation(task) for task in attached]

    listed = shown_to(reader, [*task_rows(tasks)])

    render = JSONRenderer().render
    for shown, expected in zip(listed, one_by_one, strict=True):
        assert render(shown) == render(expected)


def test_an_owners_list_is_what_the_serializer_makes(tasks, owner, rf):
    assert_same(tasks, rf, reader=owner)


def test_a_strangers_list_is_what_the_serializer_makes(tasks, stranger, rf):
    assert_same(tasks, rf, reader=stranger)


def test_what_cannot_be_decrypted_is_null_in_lists_as_well(tasks, owner, rf, settings):
    settings.TORALE_FIELD_KEYS = [Fernet.generate_key().decode()]

    assert_same(tasks, rf, reader=owner)


def test_no_tasks_are_an_empty_list(owner, rf):
    assert_same(Task.objects.for_user(owner), rf, reader=owner)
