"""`manage.py worker --deliver`, `--visit`, `--jobs`: each part can run alone, and shows itself."""

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

import psutil
import pytest
from django.conf import settings
from django.db.models import F

from executions.models import Execution
from notifications.models import NotificationSend
from tasks.models import Task
from tests.support.factories import make_pending_execution, make_queued_send, make_task
from tests.support.processes import database_url
from tests.support.receivers import wait_for
from tests.support.started import Started, started
from tests.support.watched_pages import html
from torale import __version__, clock
from torale.models import Process, SchemaChange
from torale.processes import alive

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[..., AbstractContextManager[Started]]
#: Reports come often enough for a test to wait for some.
OFTEN = {"torale.processes.REPORT_S": 0.1}


@pytest.fixture
def start_worker(tmp_path) -> StartWorker:
    return partial(
        started,
        tmp_path / "output",
        "worker",
        DATABASE_URL=database_url(),
        SECRET_KEY=settings.SECRET_KEY,
        TORALE_DATA_DIR=tmp_path,
        TORALE_FIELD_KEYS=",".join(settings.TORALE_FIELD_KEYS),
        TORALE_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
    )


@pytest.fixture
def _work_for_all(owner, http_receiver):
    """A due send, a due execution, and a due task for which the scheduler makes an execution."""
    http_receiver.judge = lambda _: html("Sold out")
    make_queued_send(owner, recipient=http_receiver.url)
    far = clock.now() + timedelta(days=1)
    make_pending_execution(make_task(owner, search_query=http_receiver.url, next_run_at=far))
    make_task(owner, search_query=http_receiver.url, name="due")


def done() -> set[str]:
    """Return which parts have done something."""
    is_done = {
        "deliver": NotificationSend.objects.filter(status="sent"),
        "jobs": Task.objects.filter(name="due").exclude(executions=None),
        "visit": Execution.objects.filter(status="success"),
    }
    return {part for part, rows in is_done.items() if rows.exists()}


@pytest.mark.usefixtures("_work_for_all")
@pytest.mark.parametrize("part", ["deliver", "jobs", "visit"])
def test_a_part_that_runs_alone_does_its_work_and_no_other(part, start_worker):
    with start_worker(f"--{part}") as worker:
        wait_for(lambda: done() or worker.has_ended())
        [process] = wait_for(lambda: alive(now=clock.now()))

        assert done() == {part}
        assert (process.command, process.does, process.pid) == ("worker", part, worker.process.pid)
        line = worker.logged("worker_started")
        assert (line["does"], line["version"]) == (part, __version__)
        assert worker.stop() == 0

    assert alive(now=clock.now()) == []
    assert worker.log("worker_stopped")


@pytest.mark.usefixtures("_work_for_all")
@pytest.mark.parametrize("options", [[], ["--visit", "--deliver", "--jobs"]], ids=["none", "all"])
def test_without_options_a_worker_does_all(options, start_worker):
    with start_worker(*options) as worker:
        wait_for(lambda: done() == {"deliver", "jobs", "visit"} or worker.has_ended())
        assert [each.does for each in alive(now=clock.now())] == ["deliver jobs visit"]


def test_a_worker_whose_loop_turns_reports_on_and_on(start_worker):
    constants = {
        **OFTEN,
        "torale.processes.HANGS_AFTER_S": 0.5,
        "notifications.management.commands.worker.BEAT_S": 0.1,
    }
    long_after = Process.objects.filter(seen_at__gt=F("started_at") + timedelta(seconds=2.5))

    with start_worker("--deliver", constants=constants) as worker:
        wait_for(lambda: long_after.exists() or worker.has_ended())


def test_a_worker_that_is_stopped_in_its_tracks_is_not_alive_until_it_goes_on(start_worker):
    with start_worker("--deliver", constants=OFTEN) as worker:
        wait_for(Process.objects.exists)
        worker.process.send_signal(signal.SIGSTOP)
        try:
            stopped = psutil.Process(worker.process.pid)
            wait_for(lambda: stopped.status() == psutil.STATUS_STOPPED)
            # Half a minute passes.
            Process.objects.update(seen_at=F("seen_at") - timedelta(seconds=30))

            with pytest.raises(psutil.TimeoutExpired):  # three reports are due meanwhile
                stopped.wait(0.3)
            assert alive(now=clock.now()) == []
        finally:
            worker.process.send_signal(signal.SIGCONT)

        wait_for(lambda: alive(now=clock.now()))


def test_a_worker_ends_with_a_sentence_when_a_newer_version_changes_the_database(start_worker):
    with start_worker("--jobs", constants=OFTEN) as worker:
        wait_for(Process.objects.exists)
        SchemaChange.objects.create(app="tasks", name="9999_less", is_additive=False)

        assert worker.status() == 1

    assert worker.log("process_ends")
    assert worker.log("worker_stopped")
    assert worker.said.startswith("torale: ")
    assert "tasks.9999_less of a newer version" in worker.said
    with start_worker("--jobs") as again:
        assert again.status() == 1
    first, second = again.said.splitlines()  # both write to one file
    assert first == second
    assert len(again.log("worker_started")) == 1
