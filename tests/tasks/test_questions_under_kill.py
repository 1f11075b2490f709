"""Workers are killed or stopped while a language model is asked: nothing is lost or told twice."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from executions.models import Execution
from executions.spending import Spending
from notifications.models import NotificationSend
from tests.support import preloaded_python
from tests.support.processes import database_url, environment
from tests.support.questions import RESERVED, SPENT, Stalling, booked, is_in, told
from tests.support.receivers import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Start = Callable[[], preloaded_python.Program]


@pytest.fixture
def start_worker(answered_questions, tmp_path) -> Iterator[Start]:
    """Return what starts a worker process that asks the model of the test."""
    started: list[preloaded_python.Program] = []
    log: Path = tmp_path / "log"
    values = {
        **answered_questions.settings,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "torale.settings",
        "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
    }

    def start() -> preloaded_python.Program:
        with log.open("ab") as stderr:
            worker = preloaded_python.start(
                *("manage.py", "worker"), environment=environment(**values), stderr=stderr
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def let_lease_run_out(execution: Execution) -> None:
    """Make the lease end now, as it does some minutes after the worker died."""
    running = Execution.objects.filter(pk=execution.pk, status="running")
    assert running.update(leased_until=timezone.now()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["plan", "report", "judge"])
def test_a_question_whose_worker_is_killed_is_asked_again_and_told_once(
    tool, ask, stalling, start_worker, http_receiver
):
    stalled: Stalling = stalling(tool)
    execution = ask("When is the Quill 4 released?")
    killed = start_worker()
    wait_for(stalled.asked.is_set)

    killed.send_signal(signal.SIGKILL)
    killed.wait(20)
    assert booked() == (RESERVED, 1)
    start_worker()
    let_lease_run_out(execution)
    wait_for(lambda: is_in(execution, "success"))
    wait_for(lambda: NotificationSend.objects.filter(status="sent").exists())

    execution.refresh_from_db()
    assert execution.attempt_count == 2
    assert told() == [execution]
    assert len(http_receiver.requests) == NotificationSend.objects.count() == 1
    # What the killed worker has spent is not known, so its worst case stays booked.
    wait_for(lambda: booked() == (RESERVED + SPENT, 2))


@pytest.mark.slow
def test_a_killed_worker_leaves_no_more_in_the_budget_than_was_not_reserved(
    ask, stalling, start_worker, owner
):
    stalled: Stalling = stalling("plan")
    execution = ask("When is the Quill 4 released?")
    killed = start_worker()
    wait_for(stalled.asked.is_set)
    killed.send_signal(signal.SIGKILL)
    killed.wait(20)
    # The budget of the settings is 5 million tokens.
    Spending.objects.filter(user=owner).update(unpriced_tokens=5_000_000 - RESERVED + 1)

    start_worker()
    let_lease_run_out(execution)
    wait_for(lambda: is_in(execution, "failed"))

    execution.refresh_from_db()
    assert "does not allow another visit" in str(execution.error_message)
    assert booked()[0] == 5_000_000 - RESERVED + 1
    assert told() == []


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_gives_back_a_question_that_hangs(
    ask, stalling, start_worker, http_receiver
):
    stalled: Stalling = stalling("report")
    execution = ask("When is the Quill 4 released?")
    stopped = start_worker()
    wait_for(stalled.asked.is_set)

    stopped.send_signal(signal.SIGTERM)
    assert stopped.wait(25) == 0

    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("pending", 0)
    tokens, runs = booked()
    assert 360 < tokens < RESERVED  # plan, search, read, and an estimate for the report
    assert runs == 1

    start_worker()
    wait_for(lambda: NotificationSend.objects.filter(status="sent").exists())
    assert told() == [execution]
    assert len(http_receiver.requests) == 1


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_stores_what_is_answered_meanwhile(
    ask, stalling, start_worker
):
    stalled: Stalling = stalling("judge")
    execution = ask("When is the Quill 4 released?")
    stopped = start_worker()
    wait_for(stalled.asked.is_set)

    stopped.send_signal(signal.SIGTERM)
    stalled.release.set()
    assert stopped.wait(25) == 0

    assert told() == [execution]
    assert NotificationSend.objects.count() == 1
    assert booked() == (SPENT, 1)


@pytest.mark.slow
def test_two_worker_processes_tell_a_question_asked_again_by_force_once(
    ask, execute, stalling, start_worker, http_receiver
):
    stalled: Stalling = stalling("judge")
    start_worker(), start_worker()
    first = ask("When is the Quill 4 released?")
    wait_for(stalled.asked.is_set)

    forced = execute(first.task_id, force="true")
    wait_for(lambda: is_in(forced, "success"))
    stalled.release.set()
    wait_for(lambda: booked() == (2 * SPENT, 2))
    wait_for(lambda: NotificationSend.objects.filter(status="sent").exists())

    assert told() == [forced]
    assert len(http_receiver.requests) == NotificationSend.objects.count() == 1
