"""`manage.py sends list|show|redeliver`."""

import csv
import json
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Attempt, NotificationSend
from tests.support.factories import NOW, days, make_endpoint, make_execution, make_send, make_task

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def run(*arguments: object, err: StringIO | None = None) -> str:
    out = StringIO()
    call_command("sends", *map(str, arguments), stdout=out, stderr=err or StringIO())
    return out.getvalue()


def ids(*arguments: object) -> list[str]:
    """Return the ids of the sends that are listed."""
    return [
        row["id"] for row in csv.DictReader(run("list", "--format=csv", *arguments).splitlines())
    ]


def queued() -> set[NotificationSend]:
    return {*NotificationSend.objects.filter(status="queued")}


def test_the_newest_sends_of_all_users_are_listed(owner, stranger):
    old = make_send(owner, created_at=NOW - days(1))
    new = make_send(stranger, notification_type="email", recipient="a@example.com", endpoint=None)

    assert ids() == [str(new.pk), str(old.pk)]
    assert ids("--limit", 1) == [str(new.pk)]


def test_a_row_says_who_was_told_what_and_how_it_ended(owner):
    task = make_task(owner, name="Lamp")
    send = make_send(owner, task=task, status="failed", attempt_count=3)

    [row] = json.loads(run("list", "--format", "json"))

    assert row == {
        "id": str(send.pk),
        "created_at": "2026-03-04T09:00:10Z",
        "status": "failed",
        "notification_type": "webhook",
        "event_type": "task.condition_met",
        "user": "owner@example.com",
        "recipient": "https://receiver.example/hook",
        "task_name": "Lamp",
        "attempts": 3,
        "error": "The receiver answered 500.",
    }


def test_people_see_a_table():
    assert run("list").split() == [
        *("id", "created_at", "status", "notification_type", "event_type", "user", "recipient"),
        *("task_name", "attempts", "error"),
    ]


@pytest.fixture
def wanted(owner, stranger):
    """A send unlike all others."""
    for user in (owner, stranger):
        for status in ("sent", "failed"):
            make_send(user, status=status, created_at=NOW - days(3))
    task = make_task(stranger)
    return make_send(
        stranger,
        task=task,
        execution=make_execution(task),
        status="bounced",
        notification_type="email",
        endpoint=None,
        event_type="task.failing",
        recipient="reader@example.com",
    )


@pytest.mark.parametrize(
    "options",
    [
        ("--status", "bounced"),
        ("--type", "email"),
        ("--event", "task.failing"),
        ("--status", "bounced", "--type", "email", "--event", "task.failing"),
        ("--recipient", "reader@example.com"),
        ("--since", "1d"),
        ("--since", "9:00"),
        ("--user", "STRANGER@example.com", "--since", "2026-03-04"),
        ("--user", "stranger@example.com", "--status", "bounced"),
    ],
    ids=" ".join,
)
def test_filters_narrow_the_list_down(wanted, options):
    assert ids(*options) == [str(wanted.pk)]
    assert ids(*options, "--until", "2d") == []


@pytest.mark.parametrize("name", ["task", "execution"])
def test_the_sends_of_a_task_and_of_an_execution_are_found(wanted, name):
    assert ids(f"--{name}", getattr(wanted, f"{name}_id")) == [str(wanted.pk)]
    assert ids(f"--{name}", uuid4()) == []


def test_the_sends_to_one_recipient_are_found_whoever_they_are_of(owner, stranger):
    sends = [
        make_send(user, recipient="https://both.example/", created_at=NOW - days(age))
        for age, user in enumerate([owner, stranger, owner])
    ]

    found = ids("--recipient", "https://both.example/", "--limit", 2)

    assert found == [str(send.pk) for send in sends[:2]]


def test_a_user_that_does_not_exist_is_named(owner):
    with pytest.raises(CommandError, match=r"No user has the email nobody@example\.com\."):
        run("list", "--user", "nobody@example.com")


@pytest.mark.parametrize("sends", [1, 30])
def test_a_list_takes_few_queries(owner, django_assert_num_queries, sends):
    for _ in range(sends):
        make_send(owner)

    with django_assert_num_queries(3):  # the time, the ids, the rows
        run("list")


def test_the_url_of_a_chat_is_not_shown(owner):
    endpoint = make_endpoint(owner, url="https://hooks.slack.com/services/secret", format="slack")
    send = make_send(owner, endpoint=endpoint, recipient=endpoint.url)

    assert "secret" not in run("list") + run("show", send.pk)


def test_what_would_command_the_terminal_is_replaced(owner):
    send = make_send(owner, task_name="\x1b[2JLamp")

    assert "\x1b" not in run("list") + run("show", send.pk)


def test_a_send_is_shown_with_its_attempts(owner):
    send = make_send(owner, status="failed", attempt_count=1)
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=12,
        status="failed",
        response_status=500,
        response_body="oops",
        error_message="The receiver answered 500.",
    )

    shown = json.loads(run("show", send.pk, "--format=json"))

    assert shown["id"] == str(send.pk)
    assert shown["attempt"] == [
        {
            "number": 1,
            "started_at": "2026-03-04T09:00:10Z",
            "duration_ms": 12,
            "status": "failed",
            "answered": 500,
            "error": "The receiver answered 500.",
            "body": "oops",
        }
    ]
    assert "oops" in run("show", send.pk)


def test_a_send_that_does_not_exist_is_an_error():
    missing = uuid4()

    with pytest.raises(CommandError, match=f"No send has the id {missing}."):
        run("show", missing)


def test_all_that_failed_since_a_time_are_queued(owner, stranger):
    make_send(owner, status="failed", created_at=NOW - days(2))
    make_send(owner, status="sent")
    wanted = {make_send(user, status="failed") for user in (owner, stranger)}

    assert run("redeliver", "--since", "24h", "--dry-run") == (
        "Would queue 2 sends, as far as limits allow.\n"
    )
    assert queued() == set()
    assert run("redeliver", "--since", "24h") == "Queued 2 sends.\n"
    assert queued() == wanted


def test_only_one_users_sends_are_queued(owner, stranger):
    make_send(stranger, status="failed")
    wanted = make_send(owner, status="failed")

    assert run("redeliver", "--user", "owner@example.com") == "Queued 1 sends.\n"
    assert queued() == {wanted}


def test_nothing_is_queued_unless_it_is_said_what(owner):
    make_send(owner, status="failed")

    with pytest.raises(CommandError, match="Name sends by their ids, or some by options"):
        run("redeliver")

    assert queued() == set()


def test_one_that_cannot_be_queued_does_not_stop_the_others(owner):
    sent, in_flight, missing = make_send(owner), make_send(owner, status="retrying"), uuid4()
    errors = StringIO()

    with pytest.raises(CommandError, match=r"Failed for 2 of 3\."):
        run("redeliver", missing, in_flight.pk, sent.pk, err=errors)

    assert queued() == {sent}
    assert f"{missing}: There is no such send.\n" in errors.getvalue()
    assert f"{in_flight.pk}: The send has not ended" in errors.getvalue()


def test_a_dry_run_with_ids_says_how_many(owner):
    sends = [make_send(owner), make_send(owner, status="retrying")]

    said = run("redeliver", "--dry-run", *(send.pk for send in sends))

    assert said == "Would queue 1 of 2 sends, as far as limits allow.\n"
    assert queued() == set()


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("soon", "--since: 'soon' is not a time; write it like 2026-03-04T09:00Z, 9:00 for today"),
        ("25:00", "--since: '25:00' is not a time"),
        ("999999w", "--since: '999999w' ago is before the calendar begins"),
    ],
)
def test_wrong_usage_says_how_a_time_is_written(time, said):
    with pytest.raises(CommandError, match=said):
        run("redeliver", "--since", time)


def test_a_time_of_the_day_is_of_today(owner):
    make_send(owner, created_at=NOW - timedelta(seconds=11))  # before nine
    wanted = make_send(owner)

    assert ids("--since", "9:00") == [str(wanted.pk)]
    assert ids("--since", "11:00+02:00") == [str(wanted.pk)]
