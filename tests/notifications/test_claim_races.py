"""Two workers at once, on connections of their own."""

import threading

import pytest

from notifications.models import NotificationSend
from tests.support.factories import make_send
from tests.support.run_delivery import deliver, take

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_workers_never_claim_the_same_send(owner):
    for number in range(100):
        make_send(owner, status="queued", recipient=f"https://r{number}.example/")
    barrier = threading.Barrier(2)
    claimed: list[list[str]] = []

    def work() -> None:
        mine: list[str] = []
        barrier.wait()
        while found := take(limit=7).messages:
            mine += [message.send_id for message in found]
        claimed.append(mine)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    first, second = map(set, claimed)
    assert first & second == set()
    assert len(first | second) == 100


def test_two_workers_deliver_each_send_once(owner, http_receiver):
    for number in range(200):
        make_send(owner, status="queued", recipient=f"{http_receiver.url}/{number}")
    workers = [threading.Thread(target=deliver) for _ in range(2)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(http_receiver.requests) == 200
    assert NotificationSend.objects.filter(status="sent").count() == 200
