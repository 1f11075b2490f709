"""The section "Notification sends": long histories, in pages, numbers and files."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support.api_calls import SENDS
from tests.support.factories import NOW, days, make_send, make_task

STATS = f"{SENDS}/stats"
CSV = f"{SENDS}.csv"
MEMBERS = [
    "id",
    "user_id",
    "task_id",
    "execution_id",
    "recipient",
    "notification_type",
    "status",
    "error_message",
    "created_at",
]


def link(response, rel: str) -> str | None:
    found = re.search(rf'<([^>]+)>; rel="{rel}"', response.headers["Link"])
    return found[1] if found else None


def walk(client, **query):
    """Yield each page of a walk."""
    response = client.get(SENDS, {"cursor": "", **query})
    while True:
        assert response.status_code == 200, response.text
        yield response
        if (following := link(response, "next")) is None:
            return
        response = client.get(following)


def test_a_cursor_walks_all_of_a_history(owner, owner_client):
    """and `cursor` for walking a long history"""
    made = [str(make_send(owner, created_at=NOW + days(i // 3)).pk) for i in range(10)]
    make_send(owner, status="failed")

    pages = [*walk(owner_client, limit=3, status="sent")]

    joined = [send["id"] for page in pages for send in page.json()["sends"]]
    assert joined == made[::-1]
    assert {page.json()["total"] for page in pages} == {10}


def test_what_comes_meanwhile_moves_nothing(owner, owner_client):
    """so that pages neither repeat nor skip a row."""
    made = [str(make_send(owner, created_at=NOW + days(i)).pk) for i in range(6)]
    pages = walk(owner_client, limit=2)
    joined = [send["id"] for send in next(pages).json()["sends"]]

    for page in pages:
        joined += [send["id"] for send in page.json()["sends"]]
        make_send(owner, created_at=NOW + days(100 + len(joined)))

    assert joined == made[::-1]


def test_depth_costs_nothing(owner, owner_client):
    """`cursor` for walking a long history at
    a cost that does not grow with depth."""
    for _ in range(12):
        make_send(owner)
    owner_client.get(SENDS)
    costs = []

    pages = walk(owner_client, limit=3)
    for _ in range(4):
        with CaptureQueriesContext(connection) as queries:
            next(pages)
        costs.append(len(queries))

    assert len(set(costs)) == 1


@pytest.mark.parametrize("cursor", ["x", "AAAA", "é", "7" * 500])
def test_a_cursor_of_ones_own_making_is_422(owner, owner_client, cursor):
    """known ones with a bad value are 422"""
    response = owner_client.get(SENDS, {"cursor": cursor})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "cursor"]


def test_anothers_cursor_leads_to_ones_own(owner, stranger, owner_client, stranger_client):
    """what the caller may not see"""
    for _ in range(4):
        make_send(owner)
    following = link(owner_client.get(SENDS, {"cursor": "", "limit": 2}), "next")

    response = stranger_client.get(following)

    assert response.json() == {"sends": [], "total": 0}


def test_stats_count_by_day_type_and_status(owner, stranger, owner_client):
    """`GET /api/v1/notifications/sends/stats`: counts by day, type and status …for a time range and
    the list's filters."""
    task = make_task(owner)
    for day in (0, 0, 1):
        make_send(owner, task=task, created_at=NOW + days(day))
    make_send(owner, task=task, status="failed", created_at=NOW + days(1))
    make_send(owner, task=task, notification_type="email", recipient=owner.email)
    make_send(owner, created_at=NOW)
    make_send(owner, task=task, created_at=NOW + days(2))
    make_send(stranger, created_at=NOW)
    time_range = {"created_after": "2026-03-04T00:00:00Z", "created_before": "2026-03-06T00:00:00Z"}

    response = owner_client.get(STATS, {**time_range, "task_id": task.pk})

    assert response.status_code == 200
    stats = response.json()
    assert (stats["created_after"], stats["created_before"]) == tuple(time_range.values())
    assert stats["total"] == 5
    assert stats["by_day"] == [
        {"date": date, "notification_type": kind, "status": status, "count": count}
        for date, kind, status, count in [
            ("2026-03-05", "webhook", "failed", 1),
            ("2026-03-05", "webhook", "sent", 1),
            ("2026-03-04", "email", "sent", 1),
            ("2026-03-04", "webhook", "sent", 2),
        ]
    ]


def test_stats_tell_the_latency(owner, owner_client):
    """and the delivery latency
    percentiles"""
    for seconds in range(1, 101):
        make_send(owner, attempt_count=1, sent_at=NOW + timedelta(seconds=seconds))
    time_range = {"created_after": "2026-03-04T00:00:00Z", "created_before": "2026-03-06T00:00:00Z"}

    stats = owner_client.get(STATS, time_range).json()

    # Between the 50th and 51st of 100, and so on, as percentile_cont has it; exact to 5 %.
    exact = {"p50": 50500, "p90": 90100, "p99": 99010}
    assert stats["latency_ms"] == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize(
    "query",
    [{"status": "gone"}, {"created_after": "yesterday"}, {"task_id": "x"}],
    ids=lambda query: next(iter(query)),
)
@pytest.mark.parametrize("path", [STATS, CSV])
def test_a_bad_filter_of_theirs_is_422(owner_client, path, query):
    """known ones with a bad value are 422"""
    response = owner_client.get(path, query)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", *query]


@pytest.mark.parametrize(
    ("path", "accept"), [(CSV, "*/*"), (CSV, "text/csv"), (SENDS, "text/csv"), (f"{CSV}/", "*/*")]
)
def test_the_filtered_set_is_streamed_as_csv(owner, owner_client, path, accept):
    """`GET /api/v1/notifications/sends.csv` (also `Accept: text/csv`): the filtered set,
    streamed."""
    for i in range(3):
        make_send(owner, created_at=NOW + days(i))
    make_send(owner, status="failed", error_message='It said: "no", and\nno more.')
    listed = owner_client.get(SENDS, {"notification_type": "webhook"}).json()["sends"]

    response = owner_client.get(path, {"notification_type": "webhook"}, HTTP_ACCEPT=accept)

    assert response.status_code == 200
    assert response.streaming
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(response.getvalue().decode(), newline=""))
    assert header == MEMBERS
    assert rows == [["" if value is None else value for value in send.values()] for send in listed]


def test_the_file_has_no_pages(owner, owner_client):
    """the filtered set, streamed."""
    for _ in range(60):
        make_send(owner)

    response = owner_client.get(CSV, {"status": "sent"})

    assert len(response.getvalue().decode().strip().splitlines()) == 61
