"""Machines whose clocks are ten minutes apart."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Attempt, Lease, NotificationSend
from tests.support import preloaded_python
from tests.support.database_clock import fast_machine
from tests.support.factories import make_send
from tests.support.processes import database_url
from tests.support.receivers import wait_for
from tests.support.run_delivery import deliver, take

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TEN_MINUTES_FAST = """
import runpy, sys, time, time_machine
sys.argv = ["manage.py", "worker"]
with time_machine.travel(time.time() + 600, tick=True):
    runpy.run_path("manage.py", run_name="__main__")
"""


@contextmanager
def fast_worker(log) -> Iterator[None]:
    """Run a worker whose clock is ten minutes ahead of the database's, in a process of its own."""
    with log.open("wb") as output:
        worker = preloaded_python.start(
            *("-c", TEN_MINUTES_FAST),
            environment={
                **os.environ,
                "DATABASE_URL": database_url(),
                "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            },
            stderr=output,
        )
    try:
        yield
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(25) == 0
    finally:
        worker.kill()
        worker.wait()


def sent(count: int) -> Callable[[], bool]:
    return lambda: NotificationSend.objects.filter(status="sent").count() >= count


def test_a_worker_with_a_fast_clock_takes_no_send_that_another_has_leased(
    owner, http_receiver, tmp_path
):
    for number in range(40):
        make_send(owner, status="queued", recipient=f"{http_receiver.url}/{number}")
    leased = {message.send_id for message in take(limit=5, now=timezone.now()).messages}

    with fast_worker(tmp_path / "log"):
        wait_for(sent(35))

    delivered = {request.headers["webhook-id"] for request in http_receiver.requests}
    assert len(leased) == 5
    assert delivered & leased == set()
    assert {str(lease.pk) for lease in Lease.objects.all()} == leased


def test_a_worker_with_a_fast_clock_takes_no_send_before_its_time(owner, http_receiver, tmp_path):
    make_send(
        owner,
        status="retrying",
        recipient=f"{http_receiver.url}/early",
        next_attempt_at=timezone.now() + timedelta(minutes=5),
    )
    make_send(owner, status="queued", recipient=f"{http_receiver.url}/due")

    with fast_worker(tmp_path / "log"):
        wait_for(sent(1))

    assert [request.path for request in http_receiver.requests] == ["/due"]


def test_two_workers_deliver_each_send_once_though_one_has_a_fast_clock(
    owner, http_receiver, tmp_path
):
    for number in range(330):
        make_send(owner, status="queued", recipient=f"{http_receiver.url}/{number}")
    here = threading.Thread(target=deliver)

    with fast_worker(tmp_path / "log"):
        wait_for(lambda: http_receiver.requests)  # it has begun
        here.start()
        here.join()

    assert NotificationSend.objects.filter(status="sent").count() == 330
    assert len(http_receiver.requests) == 330


def test_what_a_worker_with_a_fast_clock_writes_is_in_the_databases_time(
    owner, http_receiver, tmp_path
):
    begun = timezone.now()
    make_send(owner, status="queued", recipient=http_receiver.url, created_at=begun)

    with fast_worker(tmp_path / "log"):
        wait_for(sent(1))

    send, attempt = NotificationSend.objects.get(), Attempt.objects.get()
    assert send.sent_at
    assert begun <= attempt.started_at <= attempt.ended_at <= send.sent_at <= timezone.now()
    # Receivers refuse a signature that is some minutes off.
    [request] = http_receiver.requests
    assert abs(int(request.headers["webhook-timestamp"]) - begun.timestamp()) < 60


def test_what_a_web_server_with_a_fast_clock_queues_again_is_due_at_once(owner, owner_client):
    send = make_send(owner, status="failed")

    with fast_machine():
        owner_client.post(f"/api/v1/notifications/sends/{send.pk}/redeliver")

    assert [message.send_id for message in take(now=timezone.now()).messages] == [str(send.pk)]


def test_a_key_made_by_a_fast_clock_can_be_revoked_at_once(owner_client):
    with fast_machine():
        made = owner_client.post("/auth/api-keys", {"name": "Phone"}, format="json")
        revoked = owner_client.delete(f"/auth/api-keys/{made.json()['key_info']['id']}")

    assert revoked.status_code == 200


def test_a_fast_clock_notes_no_use_of_a_key_in_the_future(owner, owner_client):
    with fast_machine():
        owner_client.get("/auth/me")

    owner_client.key.refresh_from_db()
    assert owner_client.key.last_used_at
    assert owner_client.key.last_used_at <= timezone.now()
