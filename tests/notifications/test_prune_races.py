"""Pruning and redelivering the same send at once."""

import threading

import pytest
from django.db import connection, transaction

from notifications.models import Payload
from notifications.prune import prune
from notifications.redeliver import redeliver_one
from tests.factories import NOW, days, make_send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("age", [31, 91], ids=["its body is due to go", "its record is"])
def test_what_is_redelivered_meanwhile_keeps_its_payload(owner, age):
    send = make_send(owner, status="failed", created_at=NOW - days(age))
    redelivered = threading.Event()

    def redeliver() -> None:
        with transaction.atomic():
            redeliver_one(send=send, now=NOW)
            redelivered.set()
            with connection.cursor() as cursor:  # until prune waits for this transaction
                while not blocks_another(cursor):
                    pass
        connection.close()

    redelivering = threading.Thread(target=redeliver)
    redelivering.start()
    redelivered.wait()

    prune(older_than=days(90), now=NOW)

    redelivering.join()
    send.refresh_from_db()
    assert send.status == "queued"
    assert Payload.objects.filter(send=send).exists()


def blocks_another(cursor) -> bool:
    cursor.execute(
        "SELECT pg_stat_clear_snapshot(), EXISTS ("
        "SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    )
    return bool(cursor.fetchone()[1])
