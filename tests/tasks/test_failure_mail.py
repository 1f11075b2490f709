"""A task that keeps failing, and its owner, who is told once."""

from datetime import timedelta

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import notices
from executions.failures import FailureKind
from executions.models import Execution
from executions.monitors import Answer, AskFailed
from tasks.run import claim, fail, settle, start
from tests.support.factories import NOW, make_task


@pytest.fixture(autouse=True)
def _address(settings):
    settings.TORALE_URL = "https://torale.example"


@pytest.fixture
def task(owner):
    return make_task(owner, name="Is it back?")


def claimed(task, *, now=NOW, notify=True) -> Execution:
    execution = start(task=task, now=now, notify=notify)
    taken = claim(execution.pk, now=now)
    assert taken
    return taken[0]


def failing_run(task, *, now=NOW, notify=True) -> None:
    """Have one run fail for good: asking again would not help."""
    execution = claimed(task, now=now, notify=notify)
    fail(
        execution, AskFailed(FailureKind.USER_ERROR, "The page is gone (410)."), now=now, jitter=0.5
    )


def good_run(task, *, notify=True) -> None:
    answer = Answer(
        condition_met=False, notification=None, evidence="Nothing.", confidence=90, state={}
    )
    settle(claimed(task, notify=notify), answer, now=NOW)


def told() -> list[dict[str, str]]:
    jobs = ProcrastinateJob.objects.filter(task_name=notices.JOB).order_by("id")
    return [job.args for job in jobs]


def subjects() -> list[str]:
    return [notice["subject"] for notice in told()]


KEEPS_FAILING = 'Your task "Is it back?" keeps failing'
WORKS_AGAIN = 'Your task "Is it back?" works again'


def test_the_owner_is_told_after_three_failed_runs_in_a_row(owner, task):
    for _ in range(3):
        failing_run(task)

    assert told() == [
        {
            "user_id": str(owner.pk),
            "subject": KEEPS_FAILING,
            "text": (
                'The last 3 runs of your task "Is it back?" failed. The last error was:\n\n'
                "    The page is gone (410).\n\n"
                "It will be tried again on 4 March 2026 at 09:04 UTC. "
                "You will get no further email about this until it works again.\n\n"
                f"https://torale.example/api/v1/tasks/{task.pk}/executions"
            ),
        }
    ]


def test_two_failed_runs_are_nothing_to_tell(task):
    for _ in range(2):
        failing_run(task)

    assert told() == []
    task.refresh_from_db()
    assert (task.failed_run_count, task.failure_told_at) == (2, None)


def test_it_is_told_once_however_often_it_fails(task):
    for _ in range(7):
        failing_run(task)

    assert subjects() == [KEEPS_FAILING]


def test_a_run_that_succeeds_in_between_starts_the_count_anew(task):
    for run in [failing_run, failing_run, good_run, failing_run, failing_run]:
        run(task)

    assert told() == []


def test_the_owner_is_told_once_when_it_works_again(owner, task):
    for run in [failing_run, failing_run, failing_run, good_run, good_run]:
        run(task)

    assert subjects() == [KEEPS_FAILING, WORKS_AGAIN]
    assert told()[1] == {
        "user_id": str(owner.pk),
        "subject": WORKS_AGAIN,
        "text": (
            'The last run of your task "Is it back?" succeeded.\n\n'
            f"https://torale.example/api/v1/tasks/{task.pk}/executions"
        ),
    }


def test_a_task_that_never_failed_long_tells_nothing_when_it_works(task):
    for run in [failing_run, good_run]:
        run(task)

    assert told() == []


def test_it_is_told_anew_when_it_fails_anew(task):
    for run in [*[failing_run] * 3, good_run, *[failing_run] * 3]:
        run(task)

    assert subjects() == [KEEPS_FAILING, WORKS_AGAIN, KEEPS_FAILING]


def test_retries_of_one_run_do_not_count(task):
    execution = start(task=task, now=NOW)
    now = NOW
    for _ in range(3):
        taken = claim(execution.pk, now=now)
        assert taken
        fail(taken[0], AskFailed(FailureKind.NETWORK, "It cannot be reached."), now=now, jitter=0.5)
        now += timedelta(hours=1)

    execution.refresh_from_db()
    assert execution.status == "retrying"
    task.refresh_from_db()
    assert (task.failed_run_count, told()) == (0, [])


def test_forced_cancellations_do_not_count(task):
    late = [claimed(task)]
    for _ in range(3):
        execution = start(task=task, now=NOW, force=True)
        taken = claim(execution.pk, now=NOW)
        assert taken
        late.append(taken[0])

    for execution in late[:-1]:
        fail(execution, AskFailed(FailureKind.USER_ERROR, "too late"), now=NOW, jitter=0.5)

    task.refresh_from_db()
    assert (task.failed_run_count, told()) == (0, [])


def test_runs_that_suppress_notifications_count_but_tell_nothing(task):
    for _ in range(3):
        failing_run(task, notify=False)
    assert told() == []

    failing_run(task)

    assert subjects() == [KEEPS_FAILING]
    assert told()[0]["text"].startswith("The last 4 runs")


def test_a_success_that_suppresses_notifications_leaves_the_good_news_to_the_next(task):
    for _ in range(3):
        failing_run(task)

    good_run(task, notify=False)
    assert subjects() == [KEEPS_FAILING]
    good_run(task)

    assert subjects() == [KEEPS_FAILING, WORKS_AGAIN]


def test_a_paused_task_is_not_said_to_be_tried_again(owner):
    task = make_task(owner, state="paused")
    for _ in range(3):
        failing_run(task)

    [notice] = told()
    assert "It is paused, and will be tried again when you make it active." in notice["text"]


def test_the_notice_reaches_the_owners_own_address(owner, task):
    for _ in range(3):
        failing_run(task)

    [notice] = told()
    notices.deliver(**notice)

    [message] = mail.outbox
    assert (message.to, message.subject) == ([owner.email], KEEPS_FAILING)
