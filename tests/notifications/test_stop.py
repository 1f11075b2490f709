"""SIGTERM: finish what is under way, give back the rest."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from notifications.models import NotificationSend
from tasks.run import start
from tests.support import preloaded_python
from tests.support.factories import make_queued_email, make_queued_send, make_task
from tests.support.processes import database_url
from tests.support.receivers import HTTPAnswer, wait_for
from tests.support.relay import relay_to
from tests.support.run_delivery import deliver
from tests.support.started import started
from torale import clock
from torale.processes import alive

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_a_webhook_under_way_is_finished_and_recorded(owner, http_receiver):
    arrived = threading.Event()
    http_receiver.answers = [HTTPAnswer(204, stall=arrived)]
    send = make_queued_send(owner, recipient=http_receiver.url)

    def release_once_told_to_stop() -> bool:
        if http_receiver.requests:
            threading.Timer(0.1, arrived.set).start()
        return bool(http_receiver.requests)

    deliver(until=release_once_told_to_stop)

    send.refresh_from_db()
    assert (send.status, send.attempt_count) == ("sent", 1)


def test_mails_that_wait_their_turn_are_given_back(owner, smtp_receiver):
    smtp_receiver.stall = threading.Event()
    for _ in range(5):
        make_queued_email(owner)

    def release_once_told_to_stop() -> bool:
        if smtp_receiver.messages:
            threading.Timer(0.1, smtp_receiver.stall.set).start()
        return bool(smtp_receiver.messages)

    deliver(until=release_once_told_to_stop)

    assert (
        NotificationSend.objects.filter(status="sent").count() == len(smtp_receiver.messages) == 1
    )
    given_back = NotificationSend.objects.filter(status="queued", lease=None, attempt_count=0)
    assert given_back.count() == 4


@contextmanager
def worker(log: Path) -> Iterator[preloaded_python.Program]:
    """Run a worker in a process group of its own, as a shell does."""
    with log.open("wb") as stderr:
        process = preloaded_python.start(
            *("manage.py", "worker"),
            environment={
                **os.environ,
                "DATABASE_URL": database_url(),
                "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            },
            stderr=stderr,
            own_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_worker_ends_within_20_seconds_whatever_hangs(owner, http_receiver, tmp_path):
    http_receiver.answers = [HTTPAnswer(204, stall=threading.Event())]
    send = make_queued_send(owner, recipient=http_receiver.url)
    with worker(tmp_path / "log") as process:
        wait_for(lambda: http_receiver.requests)
        begun = time.monotonic()

        process.send_signal(signal.SIGTERM)
        status = process.wait(25)

    assert status == 0
    assert time.monotonic() - begun < 20
    send.refresh_from_db()
    assert (send.status, send.error_message) == (
        "retrying",
        "No answer from 127.0.0.1 within 15 s.",
    )


@pytest.mark.slow
def test_ctrl_c_ends_a_worker_within_20_seconds_whatever_it_reads(owner, http_receiver, tmp_path):
    http_receiver.answers = [HTTPAnswer(200, b"<p>" * 20_000, {"Content-Type": "text/html"})]
    condition = 'css("p ~ p ~ zz") < 1'
    for _ in range(3):
        task = make_task(owner, search_query=http_receiver.url, condition_description=condition)
        start(task=task, now=timezone.now())
    with worker(tmp_path / "log") as process:
        wait_for(lambda: len(http_receiver.requests) == 3)
        begun = time.monotonic()

        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(25)

    assert status == 0
    assert time.monotonic() - begun < 20
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_worker_ends_when_the_database_is_frozen(tmp_path):
    address = connection.get_connection_params()
    server = Path(address["host"]) / f".s.PGSQL.{address['port']}"
    with relay_to(server) as relay:
        url = f"postgres://{address['user']}@127.0.0.1:{relay.port}/{address['dbname']}"
        values: dict[str, Any] = {**os.environ, "DATABASE_URL": url}
        soon = {"notifications.management.commands.worker.MOST_TO_END_S": 2}
        worker = started(tmp_path / "log", "worker", constants=soon, **values)
        with worker as process:
            process.logged("worker_started")
            wait_for(lambda: alive(now=clock.now()))

            relay.freeze()
            began = time.monotonic()

            assert process.stop() == 1
            assert time.monotonic() - began < 5
            assert process.log("worker_cut_off")
