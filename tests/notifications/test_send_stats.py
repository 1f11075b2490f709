from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.factories import NOW, days, make_execution, make_send, make_task

PATH = "/api/v1/notifications/sends/stats"
MARCH = {"created_after": "2026-03-01T00:00:00Z", "created_before": "2026-04-01T00:00:00Z"}
NO_LATENCY = {"p50": None, "p90": None, "p99": None}


def ms(number: int) -> timedelta:
    return timedelta(milliseconds=number)


def count(date: str, count: int = 1, **fields) -> dict[str, Any]:
    return {"date": date, "notification_type": "webhook", "status": "sent", "count": count} | fields


def test_sends_are_counted_by_day_channel_and_status_newest_day_first(owner, owner_client):
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    make_send(owner)
    make_send(owner, created_at=midnight - timedelta(microseconds=1))
    make_send(owner, status="failed")
    make_send(owner, notification_type="email", recipient="owner@example.com")
    make_send(owner, created_at=midnight)

    response = owner_client.get(PATH, MARCH)

    assert response.status_code == 200
    assert response.json() == {
        "created_after": "2026-03-01T00:00:00Z",
        "created_before": "2026-04-01T00:00:00Z",
        "total": 5,
        "by_day": [
            count("2026-03-05"),
            count("2026-03-04", notification_type="email"),
            count("2026-03-04", status="failed"),
            count("2026-03-04", 2),
        ],
        "latency_ms": NO_LATENCY,
    }


def test_the_latency_is_from_recording_to_acceptance(owner, owner_client):
    for took in (0, 100, 200, 300, 1000):
        make_send(owner, sent_at=NOW + ms(took))

    latency = owner_client.get(PATH, MARCH).json()["latency_ms"]

    # Between the ranks 0 to 4: 2 -> 200; 3.6 -> 300 + 0.6 * 700; 3.96 -> 300 + 0.96 * 700
    assert latency == pytest.approx({"p50": 200, "p90": 720, "p99": 972}, rel=0.05)


def test_what_was_delivered_again_or_never_has_no_latency(owner, owner_client):
    make_send(owner, sent_at=NOW + days(3), attempt_count=2, earlier_attempt_count=1)
    make_send(owner, status="failed")
    make_send(owner, status="queued")
    make_send(owner, sent_at=NOW + ms(40))

    body = owner_client.get(PATH, MARCH).json()

    assert body["total"] == 4
    assert body["latency_ms"] == pytest.approx({"p50": 40, "p90": 40, "p99": 40}, rel=0.05)


def test_no_send_is_nothing_counted(owner_client):
    assert owner_client.get(PATH, MARCH).json() == {
        **MARCH,
        "total": 0,
        "by_day": [],
        "latency_ms": NO_LATENCY,
    }


@pytest.mark.parametrize(
    ("given", "used"),
    [
        pytest.param({}, ("2026-02-02T09:00:10Z", "2026-03-04T09:00:10Z"), id="none"),
        pytest.param(
            {"created_after": "2026-01-01T00:00:00Z"},
            ("2026-01-01T00:00:00Z", "2026-03-04T09:00:10Z"),
            id="only_after",
        ),
        pytest.param(
            {"created_before": "2026-01-31T02:00:00+02:00"},
            ("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z"),
            id="only_before",
        ),
        pytest.param(
            {"created_after": "2026-03-01T00:00:00+01:00", "created_before": "2026-03-02"},
            ("2026-02-28T23:00:00Z", "2026-03-02T00:00:00Z"),
            id="both",
        ),
    ],
)
def test_the_time_range_is_the_last_30_days_unless_given_and_is_told(
    owner, owner_client, time_machine, given, used
):
    time_machine.move_to(NOW, tick=False)
    after, before = (datetime.fromisoformat(end) for end in used)
    make_send(owner, created_at=after)
    make_send(owner, created_at=after - ms(1))
    make_send(owner, created_at=before - ms(1))
    make_send(owner, created_at=before)

    body = owner_client.get(PATH, given).json()

    assert (body["created_after"], body["created_before"]) == used
    assert body["total"] == 2


def test_366_days_are_counted(owner, owner_client):
    given = {"created_after": "2026-01-01T00:00:00Z", "created_before": "2027-01-02T00:00:00Z"}
    make_send(owner)

    assert owner_client.get(PATH, given).json()["total"] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"created_after": "2026-01-01T00:00:00Z", "created_before": "2027-01-02T00:00:00.000001Z"},
        {"created_after": "2020-01-01T00:00:00Z"},
    ],
    ids=["both", "until_now"],
)
def test_more_than_366_days_are_422(owner_client, given):
    response = owner_client.get(PATH, given)

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["query", "created_after"],
                "msg": "The time range may have at most 366 days.",
                "input": given["created_after"],
            }
        ]
    }


def test_a_time_range_that_ends_before_it_begins_holds_nothing(owner, owner_client):
    make_send(owner)

    body = owner_client.get(
        PATH,
        {"created_after": "2026-03-05T00:00:00Z", "created_before": "2026-03-04T00:00:00Z"},
    ).json()

    assert (body["total"], body["by_day"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "gone"),
        ("notification_type", "sms"),
        ("task_id", "x"),
        ("execution_id", "x"),
        ("recipient", "a\0b"),
        ("created_after", "yesterday"),
        ("created_before", "2026-02-30"),
        ("created_before", "0001-01-01T00:00:00Z"),
        ("created_before", "0001-01-01T00:00:00+14:00"),
        ("created_after", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_parameter_with_a_bad_value_is_422(owner_client, name, value):
    response = owner_client.get(PATH, {name: value})

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["query", name], value)
    assert fault["msg"]


@pytest.mark.parametrize(
    "matching",
    ["notification_type", "status", "recipient", "task_id", "execution_id"],
)
def test_the_lists_filters_hold(owner, owner_client, matching):
    task = make_task(owner)
    execution = make_execution(task)
    make_send(owner)
    wanted = make_send(
        owner,
        task=task,
        execution=execution,
        notification_type="email",
        status="failed",
        recipient="owner@example.com",
    )

    body = owner_client.get(PATH, {**MARCH, matching: getattr(wanted, matching)}).json()

    assert body["by_day"] == [count("2026-03-04", notification_type="email", status="failed")]


def test_nobody_elses_sends_are_counted(owner, stranger_client):
    task = make_task(owner)
    make_send(owner, task=task, sent_at=NOW + ms(1))

    for given in (MARCH, {**MARCH, "task_id": task.pk}):
        body = stranger_client.get(PATH, given).json()

        assert (body["total"], body["by_day"], body["latency_ms"]) == (0, [], NO_LATENCY)


@pytest.mark.parametrize("sends", [1, 50])
def test_statistics_cost_one_query_besides_the_key(
    owner, owner_client, sends, django_assert_num_queries
):
    for number in range(sends):
        make_send(owner, created_at=NOW + days(number / 10), sent_at=NOW + days(number))
    owner_client.get(PATH)

    with django_assert_num_queries(2):
        assert owner_client.get(PATH, MARCH).json()["total"] == sends


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_statistics_can_only_be_read(owner_client, method):
    response = getattr(owner_client, method)(PATH)

    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}
