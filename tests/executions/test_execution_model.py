"""What an execution may become, and what the database refuses it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from executions.failures import FailureKind
from executions.models import ASKING_LEASE, Execution, ExecutionStatus
from executions.monitors import Answer, Source
from tests.support.factories import NOW, make_execution, make_pending_execution, make_task
from tests.support.run_visits import claimed

SECOND = timedelta(seconds=1)
ANSWER = Answer(
    condition_met=True,
    notification="**It is there.**",
    evidence="Seen.",
    confidence=90,
    sources=[Source(url="https://shop.example/", title="The shop")],
    activity=[{"action": "fetch", "url": "https://shop.example/"}],
    state={"met": True},
)


@pytest.fixture
def task(owner):
    return make_task(owner)


@pytest.fixture
def execution(task) -> Execution:
    return make_pending_execution(task)


def stored(execution: Execution) -> Mapping[str, object]:
    """Return all columns of the row as it is in the database."""
    return Execution.objects.values().get(pk=execution.pk)


def constraint_refusing(task, **fields):
    """Return the name of the constraint that refuses the row."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        make_execution(task, **fields)
    cause: Any = refusal.value.__cause__
    return cause.diag.constraint_name


def test_a_task_tells_a_claim_once_and_another_task_may_tell_it_too(task, owner):
    make_execution(task, claim="yes")
    make_execution(task)
    make_execution(task)
    make_execution(make_task(owner), claim="yes")

    assert constraint_refusing(task, claim="yes") == "execution_told_once"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"status": "lost"}, "execution_status_known"),
        ({"completed_at": None}, "execution_completed_when_not_open"),
        (
            {"status": ExecutionStatus.PENDING, "next_attempt_at": NOW},
            "execution_completed_when_not_open",
        ),
        ({"next_attempt_at": NOW}, "execution_due_when_waiting"),
        ({"status": ExecutionStatus.PENDING, "completed_at": None}, "execution_due_when_waiting"),
        ({"status": ExecutionStatus.RETRYING, "completed_at": None}, "execution_due_when_waiting"),
        ({"leased_until": NOW}, "execution_leased_when_running"),
        (
            {"status": ExecutionStatus.RUNNING, "completed_at": None},
            "execution_leased_when_running",
        ),
        (
            {"status": ExecutionStatus.FAILED, "notification": "Told."},
            "execution_notification_only_on_success",
        ),
    ],
    ids=[
        "unknown status",
        "ended at no time",
        "pending, yet ended",
        "ended, yet due",
        "pending, never due",
        "retrying, never due",
        "ended, yet leased",
        "running without a lease",
        "failed with a notification",
    ],
)
def test_the_database_refuses_what_makes_no_sense(task, fields, name):
    assert constraint_refusing(task, **fields) == name


@pytest.mark.parametrize(
    "current",
    [
        {"status": ExecutionStatus.PENDING, "next_attempt_at": NOW},
        {"status": ExecutionStatus.RETRYING, "next_attempt_at": NOW},
        {"status": ExecutionStatus.RUNNING, "leased_until": NOW},
    ],
    ids=["pending", "retrying", "running"],
)
def test_a_task_has_one_open_execution_at_most(task, stranger, current):
    make_execution(task, completed_at=None, **current)
    make_execution(task)
    make_pending_execution(make_task(stranger))

    name = constraint_refusing(
        task, status=ExecutionStatus.PENDING, next_attempt_at=NOW, completed_at=None
    )

    assert name == "execution_one_open_per_task"


def claim(execution: Execution, *, now=NOW) -> None:
    """Claim `execution` as a worker does, and load it as that worker has it."""
    assert claimed(execution.pk, now=now)
    execution.refresh_from_db()


def test_a_claimed_execution_runs_under_a_lease(execution):
    before = stored(execution)

    taken = claimed(execution.pk, now=NOW + SECOND)

    assert stored(execution) == {
        **before,
        "status": "running",
        "attempt_count": 1,
        "next_attempt_at": None,
        "leased_until": NOW + SECOND + ASKING_LEASE,
        "started_at": NOW + SECOND,
    }
    assert taken
    assert (taken.status, taken.attempt_count) == (ExecutionStatus.RUNNING, 1)


def test_an_execution_is_not_claimed_before_it_is_due(execution):
    before = stored(execution)

    assert not claimed(execution.pk, now=NOW - SECOND)

    assert stored(execution) == before


def test_a_running_execution_is_not_claimed_while_its_lease_lasts(execution):
    claim(execution)
    before = stored(execution)

    assert not claimed(execution.pk, now=NOW + ASKING_LEASE - SECOND)

    assert stored(execution) == before


def test_a_running_execution_is_claimed_again_once_its_lease_has_run_out(execution):
    claim(execution)

    again = claimed(execution.pk, now=NOW + ASKING_LEASE)

    assert again
    assert again.attempt_count == 2
    assert stored(execution)["leased_until"] == NOW + ASKING_LEASE + ASKING_LEASE


@pytest.mark.parametrize(
    "status", [ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED]
)
def test_an_execution_that_has_ended_is_not_claimed(task, status):
    execution = make_execution(task, status=status)
    before = stored(execution)

    assert not claimed(execution.pk, now=NOW + ASKING_LEASE)

    assert stored(execution) == before


def test_an_answer_is_stored(execution):
    claim(execution)
    running = stored(execution)

    kept = execution.record_answer(ANSWER, now=NOW + SECOND)

    assert kept is True
    assert stored(execution) == {
        **running,
        "status": "success",
        "leased_until": None,
        "completed_at": NOW + SECOND,
        "result": {
            "evidence": "Seen.",
            "confidence": 90,
            "sources": ["https://shop.example/"],
            "activity": [{"action": "fetch", "url": "https://shop.example/"}],
            "failed_pages": [],
        },
        "notification": "**It is there.**",
        "grounding_sources": [
            {
                "url": "https://shop.example/",
                "uri": "https://shop.example/",
                "title": "The shop",
            }
        ],
    }
    assert execution.status == ExecutionStatus.SUCCESS


def test_a_failure_to_be_tried_again_waits_for_its_time(execution):
    claim(execution)
    running = stored(execution)

    kept = execution.record_failure(
        FailureKind.TIMEOUT, "No answer.", retry_at=NOW + 10 * SECOND, now=NOW + SECOND
    )

    assert kept is True
    assert stored(execution) == {
        **running,
        "status": "retrying",
        "leased_until": None,
        "next_attempt_at": NOW + 10 * SECOND,
        "failure_kind": "timeout",
        "error_message": "No answer.",
    }


def test_a_failure_that_is_given_up_ends_the_execution(execution):
    claim(execution)
    running = stored(execution)

    kept = execution.record_failure(
        FailureKind.USER_ERROR, "It is not text.", retry_at=None, now=NOW + SECOND
    )

    assert kept is True
    assert stored(execution) == {
        **running,
        "status": "failed",
        "leased_until": None,
        "completed_at": NOW + SECOND,
        "failure_kind": "user_error",
        "error_message": "It is not text.",
    }


def test_an_answer_after_a_retry_clears_the_error(execution):
    claim(execution)
    execution.record_failure(FailureKind.TIMEOUT, "No answer.", retry_at=NOW + SECOND, now=NOW)
    claim(execution, now=NOW + SECOND)

    execution.record_answer(ANSWER, now=NOW + SECOND)

    row = stored(execution)
    assert (row["status"], row["attempt_count"]) == ("success", 2)
    assert (row["failure_kind"], row["error_message"]) == (None, None)


def say_answer(execution: Execution) -> bool:
    return execution.record_answer(ANSWER, now=NOW + ASKING_LEASE + SECOND)


def say_failure(execution: Execution) -> bool:
    return execution.record_failure(
        FailureKind.NETWORK,
        "Refused.",
        retry_at=NOW + 2 * ASKING_LEASE,
        now=NOW + ASKING_LEASE + SECOND,
    )


says = pytest.mark.parametrize("say", [say_answer, say_failure], ids=["answer", "failure"])


@says
def test_what_comes_after_a_cancellation_is_dropped(execution, say):
    claim(execution)
    Execution.objects.get(pk=execution.pk).cancel(now=NOW + SECOND)
    cancelled = stored(execution)

    kept = say(execution)

    assert kept is False
    assert stored(execution) == cancelled


@says
def test_what_an_earlier_attempt_says_is_dropped(execution, say):
    claim(execution)
    claimed(execution.pk, now=NOW + ASKING_LEASE)
    second_attempt = stored(execution)

    kept = say(execution)

    assert kept is False
    assert stored(execution) == second_attempt


@says
def test_what_a_late_worker_says_counts_while_no_other_has_taken_over(execution, say):
    claim(execution)

    kept = say(execution)

    assert kept is True


@says
def test_an_attempt_says_one_thing_only(execution, say):
    claim(execution)
    say_answer(execution)
    answered = stored(execution)

    kept = say(execution)

    assert kept is False
    assert stored(execution) == answered


@pytest.mark.parametrize(
    "current",
    [
        {"status": ExecutionStatus.PENDING, "next_attempt_at": NOW},
        {"status": ExecutionStatus.RETRYING, "next_attempt_at": NOW, "error_message": "No answer."},
        {"status": ExecutionStatus.RUNNING, "leased_until": NOW},
    ],
    ids=["pending", "retrying", "running"],
)
def test_an_open_execution_can_be_cancelled(task, current):
    execution = make_execution(task, completed_at=None, **current)
    before = stored(execution)

    cancelled = execution.cancel(now=NOW + SECOND)

    assert cancelled is True
    assert stored(execution) == {
        **before,
        "status": "cancelled",
        "completed_at": NOW + SECOND,
        "next_attempt_at": None,
        "leased_until": None,
    }


@pytest.mark.parametrize(
    "status", [ExecutionStatus.SUCCESS, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED]
)
def test_an_execution_that_has_ended_cannot_be_cancelled(task, status):
    execution = make_execution(task, status=status)
    before = stored(execution)

    cancelled = execution.cancel(now=NOW + SECOND)

    assert cancelled is False
    assert stored(execution) == before


def test_what_is_due_what_a_dead_worker_left_and_what_a_worker_is_asking_are_told_apart(owner):
    due = make_pending_execution(make_task(owner))
    retrying = make_pending_execution(make_task(owner), status=ExecutionStatus.RETRYING)
    left = make_pending_execution(
        make_task(owner), status=ExecutionStatus.RUNNING, next_attempt_at=None, leased_until=NOW
    )
    make_pending_execution(make_task(owner), next_attempt_at=NOW + SECOND)
    asked = make_pending_execution(
        make_task(owner),
        status=ExecutionStatus.RUNNING,
        next_attempt_at=None,
        leased_until=NOW + SECOND,
    )
    make_execution(make_task(owner))

    assert set(Execution.objects.due(NOW)) == {due, retrying}
    assert set(Execution.objects.abandoned(NOW)) == {left}
    assert set(Execution.objects.asking(NOW)) == {asked}


def test_executions_are_listed_newest_first_and_later_made_first_at_a_tie(task):
    middle = make_execution(task)
    oldest = make_execution(task, created_at=NOW - SECOND)
    newest = make_execution(task)

    assert list(Execution.objects.newest_first()) == [newest, middle, oldest]
