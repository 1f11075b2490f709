"""The database goes away while attempts are under way."""

import threading

import pytest
from django.db import connection

from tests.support.factories import make_queued_send
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver, nothing_is_due

pytestmark = pytest.mark.django_db(transaction=True)

#: The drain's own connections, told by what they did last.
CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND query ~* '^\\s*(WITH RECURSIVE head|WITH outcome|LISTEN|SET synchronous_commit)'
"""


def test_what_was_delivered_meanwhile_is_recorded_and_not_sent_again(owner, http_receiver):
    answering = threading.Event()
    http_receiver.answers = [HTTPAnswer(204, stall=answering)]
    send = make_queued_send(owner, recipient=http_receiver.url)
    cut: list[object] = []

    def recorded_after_the_cut() -> bool:
        if http_receiver.requests and not cut:
            with connection.cursor() as cursor:
                cursor.execute(CUT)
                cut.extend(cursor.fetchall())
            threading.Timer(0.5, answering.set).start()
        return bool(cut) and nothing_is_due()

    deliver(until=recorded_after_the_cut)

    send.refresh_from_db()
    assert len(cut) >= 2
    assert (send.status, send.attempt_count) == ("sent", 1)
    assert len(http_receiver.requests) == 1
