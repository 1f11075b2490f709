"""A lease runs out under an attempt, and the same worker claims the send again."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Lease
from tests.support.factories import make_queued_send
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver, nothing_is_due

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_second_attempt_is_recorded_and_the_first_breaks_nothing(owner, http_receiver, caplog):
    answering = threading.Event()
    http_receiver.answers = [HTTPAnswer(204, stall=answering)]
    send = make_queued_send(owner, recipient=http_receiver.url)
    ran_out: list[int] = []

    def recorded() -> bool:
        if http_receiver.requests and not ran_out:
            past = timezone.now() - timedelta(seconds=1)
            ran_out.append(Lease.objects.update(until=past))
        if len(http_receiver.requests) == 2:
            answering.set()
        return answering.is_set() and nothing_is_due()

    deliver(until=recorded)

    send.refresh_from_db()
    assert (send.status, send.attempt_count) == ("sent", 1)
    assert "work_broke" not in caplog.text
    assert "giving_back_failed" not in caplog.text
