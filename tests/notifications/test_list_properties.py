"""For any sends and any filters: however the list is read, it is the same list."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from statistics import quantiles
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.models import EventType, NotificationSend, NotificationType, SendStatus
from notifications.models.send import UNFINISHED
from tests.conftest import client_of
from tests.support.factories import NOW, days, make_endpoint, make_execution, make_task
from torale.uuid7 import uuid7

PATH = "/api/v1/notifications/sends"
RECIPIENTS = ("a@example.com", "=b@example.com", "https://receiver.example/hook")
GIVEN_UP = (SendStatus.FAILED, SendStatus.SKIPPED)
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0)
#: A few moments, so that many sends share one, and that filters have sends at their very edges.
#: Some are at the edges of days, which are counted as a whole.
MOMENTS = st.sampled_from(
    [
        MIDNIGHT + days(day) + timedelta(microseconds=microseconds)
        for day in range(3)
        for microseconds in (-1, 0, 1)
    ]
)
quick = settings(
    max_examples=50,
    deadline=None,
    # The cast is the same for all examples; each takes back what it stored.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def world(owner, stranger):
    """Who and what sends are of."""
    tasks = [make_task(owner), make_task(owner)]
    return {
        "users": [owner, stranger],
        "tasks": [None, *tasks],
        "endpoints": [make_endpoint(owner), make_endpoint(stranger)],
        "executions": [None, *(make_execution(task) for task in tasks)],
        "client": client_of(owner),
    }


#: What a send is, but for its id: whose (mostly the owner's), and indices into the world.
SENDS = st.lists(
    st.fixed_dictionaries(
        {
            "user": st.sampled_from([0, 0, 0, 1]),
            "task": st.integers(0, 2),
            "recipient": st.sampled_from(RECIPIENTS),
            "notification_type": st.sampled_from(NotificationType.values),
            "status": st.sampled_from(SendStatus.values),
            "event_type": st.sampled_from([EventType.CONDITION_MET, EventType.FAILING]),
            "created_at": MOMENTS,
            "took": st.sampled_from([None, None, 0, 7, 130, 40_000]),
            "id": st.uuids(),
        }
    ),
    max_size=9,
    unique_by=lambda send: send["id"],
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "notification_type": st.sampled_from(NotificationType.values),
        "status": st.sampled_from(SendStatus.values),
        "event_type": st.sampled_from(EventType.values),
        "recipient": st.sampled_from(RECIPIENTS),
        "task_id": st.integers(0, 2),
        "execution_id": st.integers(0, 2),
        "created_after": MOMENTS,
        "created_before": MOMENTS,
    },
)
LIMITS = st.integers(1, 4)


def store(world, drawn: list[dict[str, Any]], **fields) -> None:
    """Store the sends that were drawn, in the order of their ids."""
    taken = set(NotificationSend.objects.values_list("execution_id", "notification_type"))
    rows = []
    for send in ({**each, **fields} for each in drawn):
        task, execution = (world[name][send["task"]] for name in ("tasks", "executions"))
        key = (execution and execution.pk, send["notification_type"])
        if key in taken:  # one execution makes one send per channel
            execution = None
        taken.add(key)
        is_webhook = send["notification_type"] == NotificationType.WEBHOOK
        rows.append(
            NotificationSend(
                id=send["id"],
                user=world["users"][send["user"]],
                task_id=task.pk if task else uuid7(),
                execution_id=execution.pk if execution else uuid7(),
                recipient=send["recipient"],
                endpoint=world["endpoints"][send["user"]] if is_webhook else None,
                notification_type=send["notification_type"],
                status=send["status"],
                error_message="=no" if send["status"] in GIVEN_UP else None,
                event_type=send["event_type"],
                next_attempt_at=NOW if send["status"] in UNFINISHED else None,
                created_at=send["created_at"],
                sent_at=after(send["created_at"], send["took"]),
            )
        )
    NotificationSend.objects.bulk_create(rows)


def after(created_at: datetime, took_ms: int | None) -> datetime | None:
    return None if took_ms is None else created_at + timedelta(milliseconds=took_ms)


@contextmanager
def stored(world, drawn: list[dict[str, Any]]) -> Iterator[None]:
    with transaction.atomic():
        store(world, drawn)
        yield
        transaction.set_rollback(True)


def query_of(world, filters: dict[str, Any]) -> dict[str, str]:
    """Return the filters as the query string has them; index 0 is a task that nobody has."""
    query = {**filters}
    for name in ("task", "execution"):
        if f"{name}_id" in query:
            thing = world[f"{name}s"][query[f"{name}_id"]]
            query[f"{name}_id"] = thing.pk if thing else UUID(int=7)
    return {
        name: value.isoformat() if name.startswith("created") else str(value)
        for name, value in query.items()
    }


def matches(send: NotificationSend, query: dict[str, str]) -> bool:
    """Decide as the contract does, without the database."""
    tests: dict[str, Callable[[str], bool]] = {
        "created_after": lambda value: send.created_at.isoformat(timespec="microseconds") >= value,
        "created_before": lambda value: send.created_at.isoformat(timespec="microseconds") < value,
    }
    return all(
        tests[name](value) if name in tests else str(getattr(send, name)) == value
        for name, value in query.items()
    )


def expected(world, query: dict[str, str]) -> list[str]:
    """Return the ids of the owner's sends that match, in the list's order."""
    query = {
        name: value if "." in value or not name.startswith("created") else with_microseconds(value)
        for name, value in query.items()
    }
    owner = world["users"][0]
    mine = [send for send in NotificationSend.objects.all() if send.user_id == owner.pk]
    found = [send for send in mine if matches(send, query)]
    found.sort(key=lambda send: (send.created_at, send.pk.bytes), reverse=True)
    return [str(send.pk) for send in found]


def with_microseconds(value: str) -> str:
    return value.replace("+00:00", ".000000+00:00")


def next_url(response) -> str | None:
    found = re.search(r'<([^>]*)>; rel="next"', response["Link"])
    return found[1] if found else None


def pages(world, query: dict[str, str], between: Callable[[], None] = lambda: None):
    """Follow the list's own links; yield each page and what was true when it was asked for."""
    response = world["client"].get(PATH, query)
    yield response.json(), expected(world, without_paging(query))
    while url := next_url(response):
        between()
        response = world["client"].get(url)
        yield response.json(), expected(world, without_paging(query))


def without_paging(query: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in ("limit", "cursor")}


@quick
@given(drawn=SENDS, filters=FILTERS, limit=LIMITS)
def test_pages_by_offset_join_to_the_filtered_set(world, drawn, filters, limit):
    with stored(world, drawn):
        query = query_of(world, filters)

        found = list(pages(world, {**query, "limit": str(limit)}))

        joined = [send["id"] for body, _ in found for send in body["sends"]]
        assert joined == expected(world, query)
        assert {body["total"] for body, _ in found} == {len(joined)}


@quick
@given(drawn=SENDS, added=SENDS, filters=FILTERS, limit=LIMITS, data=st.data())
def test_pages_by_cursor_join_to_the_set_at_the_start_while_sends_are_added(
    world, drawn, added, filters, limit, data
):
    with stored(world, drawn):
        query = query_of(world, filters)
        at_the_start = expected(world, query)
        waiting = [send for send in added if send["id"] not in {row["id"] for row in drawn}]

        def add_some() -> None:
            count = data.draw(st.integers(0, 3))
            store(world, waiting[:count], created_at=NOW + days(3))
            del waiting[:count]

        found = list(pages(world, {**query, "limit": str(limit), "cursor": ""}, add_some))

        assert [send["id"] for body, _ in found for send in body["sends"]] == at_the_start
        assert [body["total"] for body, _ in found] == [len(then) for _, then in found]


@quick
@given(drawn=SENDS, filters=FILTERS, limit=LIMITS)
def test_the_rows_of_the_csv_are_those_of_the_pages(world, drawn, filters, limit):
    with stored(world, drawn):
        query = query_of(world, filters)

        text = world["client"].get(f"{PATH}.csv", query).getvalue().decode()

        rows = list(csv.DictReader(StringIO(text, newline=""), strict=True))
        joined = [
            {name: as_cell(value) for name, value in send.items()}
            for body, _ in pages(world, {**query, "limit": str(limit)})
            for send in body["sends"]
        ]
        assert rows == joined


@quick
@given(drawn=SENDS, filters=FILTERS)
def test_the_statistics_are_those_of_the_filtered_set(world, drawn, filters):
    with stored(world, drawn):
        query = query_of(world, filters)
        asked = {"created_after": "2026-02-01", "created_before": "2026-04-01", **query}
        sends = NotificationSend.objects.in_bulk(expected(world, query)).values()

        body = world["client"].get(f"{PATH}/stats", asked).json()

        found = {
            (day["date"], day["notification_type"], day["status"]): day["count"]
            for day in body["by_day"]
        }
        assert found == Counter(
            (str(send.created_at.date()), send.notification_type, send.status) for send in sends
        )
        assert body["total"] == len(sends)
        took = [
            (send.sent_at - send.created_at) / timedelta(milliseconds=1)
            for send in sends
            if send.sent_at and send.event_type == EventType.CONDITION_MET
        ]
        assert body["latency_ms"] == percentiles(took)


def percentiles(took: list[float]) -> Any:
    """Return what is expected of the percentiles, which are exact to 5 %."""
    if not took:
        return {"p50": None, "p90": None, "p99": None}
    if len(took) == 1:
        took *= 2
    cuts = quantiles(took, n=100, method="inclusive")
    found = {name: cuts[number - 1] for name, number in (("p50", 50), ("p90", 90), ("p99", 99))}
    return pytest.approx(found, rel=0.05, abs=0.5)


def as_cell(value: str | None) -> str:
    if value is None:
        return ""
    return f"'{value}" if value.startswith("=") else value
