"""Every method of the official SDK (PyPI `torale` 0.0.2) against a running server.

`script/clients` runs it in an environment of the SDK's own: its package has our package's name.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from documented import DOCUMENTED

from torale.core.models import NotificationConfig, NotifyBehavior, TaskExecution, TaskStatus
from torale.sdk import NotFoundError, Torale, ValidationError, monitor
from torale.sdk.exceptions import AuthenticationError

PAGE = os.environ["PAGE"]
RECEIVER = f"{PAGE}hook"
CONDITION = 'contains "In stock"'
#: Seconds within which a worker answers.
ANSWERED_WITHIN_S = 30

failures: list[str] = []


@contextmanager
def step(name: str) -> Iterator[None]:
    """Do one thing; what goes wrong in it is told, and the next thing is done all the same."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises is what is looked for
        failures.append(name)
        print(f"FAIL  {name}: {type(error).__name__}: {error}")
    else:
        print(f"ok    {name}")


def raises(kind: type[Exception], call: Callable[[], Any]) -> str:
    """Return what the exception that `call` raises says."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def create(client: Torale) -> None:
    with step("tasks.create"):
        task = client.tasks.create(
            name="Is it back?",
            search_query=PAGE,
            condition_description=CONDITION,
            notifications=[NotificationConfig(type="webhook", url=RECEIVER)],
            config={"model": "gemini-2.0-flash-exp"},
        )
        assert (task.name, task.search_query, task.is_active) == ("Is it back?", PAGE, True)
        assert (task.notifications[0].url, task.config) == (RECEIVER, {})
    with step("tasks.create, paused"):
        paused = client.tasks.create(
            name="Later",
            search_query=PAGE,
            condition_description=CONDITION,
            notify_behavior="always",
            notifications=[{"type": "email", "address": "owner@example.com"}],
            is_active=False,
        )
        assert not paused.is_active
    with step("monitor(…).create"):
        built = (
            monitor(PAGE, client)
            .when(CONDITION)
            .check_every("6 hours")
            .notify(
                email="owner@example.com",
                webhook=RECEIVER,
                webhook_headers={"X-Token": "s3cret"},
                behavior=NotifyBehavior.ALWAYS,
            )
            .named("Built")
            .with_config(model="gemini-2.5-flash")
            .paused()
            .create()
        )
        assert (built.name, built.is_active, len(built.notifications)) == ("Built", False, 2)
    with step("client.monitor(…).create"):
        built = client.monitor(PAGE).when(CONDITION).create()
        assert built.name == f"Monitor: {PAGE}"


def read(client: Torale) -> None:
    with step("tasks.list"):
        assert {task.name for task in client.tasks.list()} >= {"Is it back?", "Later", "Built"}
    with step("tasks.list(active=True)"):
        names = {task.name for task in client.tasks.list(active=True) if task.is_active}
        assert "Is it back?" in names
        assert not names & {"Later", "Built"}
    with step("tasks.list(active=False)"):
        assert {task.name for task in client.tasks.list(active=False)} == {"Later", "Built"}
    with step("tasks.get"):
        listed = client.tasks.list(active=False)[0]
        assert client.tasks.get(listed.id) == listed


def change(client: Torale) -> None:
    with step("tasks.update"):
        task = client.tasks.update(
            client.tasks.list(active=False)[0].id,
            name="Changed",
            search_query=PAGE,
            condition_description=CONDITION,
            schedule="0 */6 * * *",
            notify_behavior=NotifyBehavior.TRACK_STATE,
            notifications=[NotificationConfig(type="email", address="owner@example.com")],
            config={},
        )
        assert task.name == "Changed"
        assert task.notifications[0].address == "owner@example.com"
    with step("tasks.update(is_active=…)"):
        assert client.tasks.update(task.id, is_active=True).is_active
        assert not client.tasks.update(task.id, is_active=False).is_active
    with step("tasks.delete"):
        assert client.tasks.delete(task.id) is None
        assert raises(NotFoundError, lambda: client.tasks.get(task.id)) == "Not found"


def execute(client: Torale) -> None:
    def latest() -> TaskExecution:
        [execution] = client.tasks.executions(task.id, limit=1)
        return execution

    with step("tasks.execute"):
        task = client.tasks.create("Once", PAGE, CONDITION, is_active=False)
        execution = client.tasks.execute(task.id)
        assert (execution.task_id, execution.status) == (task.id, TaskStatus.PENDING)
    with step("tasks.executions"):
        deadline = time.monotonic() + ANSWERED_WITHIN_S
        while latest().status in {TaskStatus.PENDING, TaskStatus.RUNNING}:
            assert time.monotonic() < deadline, "the worker has not answered"
            time.sleep(0.2)
        assert (latest().id, latest().status) == (execution.id, TaskStatus.SUCCESS)
        assert latest().grounding_sources[0]["url"] == PAGE
    with step("tasks.notifications"):
        told = client.tasks.notifications(task.id, limit=10)
        assert [one.id for one in told] == [execution.id]


def ask_in_plain_words(client: Torale) -> None:
    for query, condition in DOCUMENTED:
        with step(f"monitor({query!r}).when({condition!r})"):
            task = (
                client.monitor(query)
                .when(condition)
                .check_every("6 hours")
                .notify(webhook=RECEIVER)
                .create()
            )
            client.tasks.execute(task.id)
            deadline = time.monotonic() + ANSWERED_WITHIN_S
            while not (told := client.tasks.notifications(task.id)):
                assert time.monotonic() < deadline, "nobody was told"
                time.sleep(0.2)
            assert told[0].grounding_sources
            # The SDK has no method for the record of sends.
            sends = client.http_client.get(
                "/api/v1/notifications/sends", params={"task_id": task.id}
            )
            assert [one["recipient"] for one in sends.json()["sends"]] == [RECEIVER]


def be_refused(client: Torale) -> None:
    with step("ValidationError"):
        said = raises(ValidationError, lambda: client.tasks.create("x", "http://127.0.0", "x"))
        assert "search_query" in said
    with step("AuthenticationError"), Torale(api_key="sk_unknown") as unknown:
        assert raises(AuthenticationError, unknown.tasks.list) == "Invalid API key"


if __name__ == "__main__":
    with Torale() as client:
        for drive in (create, read, change, execute, ask_in_plain_words, be_refused):
            drive(client)
    print(f"{len(failures)} failed")
    raise SystemExit(bool(failures))
