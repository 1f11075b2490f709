"""Pruning and redelivering the same send at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from notifications.models import Payload
from notifications.prune import prune
from notifications.redeliver import redeliver_one
from tests.support.factories import NOW, days, make_send
from tests.support.races import apart, wait_until_another_waits
from tests.support.receivers import DEADLINE_S

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("age", [31, 91], ids=["its body is due to go", "its record is"])
def test_what_is_redelivered_meanwhile_keeps_its_payload(owner, age):
    send = make_send(owner, status="failed", created_at=NOW - days(age))
    redelivered = threading.Event()

    def redeliver() -> None:
        with transaction.atomic():
            redeliver_one(send=send, now=NOW)
            redelivered.set()
            wait_until_another_waits()

    with ThreadPoolExecutor(1) as worker:
        redelivering = worker.submit(apart, redeliver)
        assert redelivered.wait(DEADLINE_S)

        prune(older_than=days(90), now=NOW)

        redelivering.result()
    send.refresh_from_db()
    assert send.status == "queued"
    assert Payload.objects.filter(send=send).exists()
