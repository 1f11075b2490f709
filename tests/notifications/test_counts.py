"""The counts of sends are exact, whatever happens to the sends."""

import random
from collections import Counter
from datetime import timedelta
from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import User
from notifications.counts import fold, recount, unfinished
from notifications.models import NotificationSend, SendCount, WebhookEndpoint
from notifications.models.send import NotificationSendQuerySet
from notifications.prune import prune
from notifications.redeliver import redeliver_all
from tests.support.factories import NOW, days, make_endpoint, make_queued_send, make_send, make_task
from tests.support.races import at_once

KEYS = ("user_id", "day", "took", "task_id", "recipient", "notification_type", "status")


def counts() -> dict[tuple[object, ...], int]:
    """Return the counts, however many rows they consist of."""
    rows = SendCount.objects.exclude(number=0).values_list(*KEYS).annotate(Sum("number"))
    return {tuple(keys): number for *keys, number in rows if number}


def totals(**fields) -> dict[str, int]:
    """Return how many sends of all users are in each status, as the counts have it."""
    rows = SendCount.objects.filter(user_id=None, **fields).values_list("status")
    return {status: number for status, number in rows.annotate(Sum("number")) if number}


@pytest.mark.django_db
def test_a_send_counts_for_its_day_its_user_and_its_task(owner):
    send = make_send(owner, sent_at=NOW + timedelta(seconds=1))

    kind = ("webhook", "sent")
    # 72 classes of a tenth each lead from a millisecond to a second.
    assert counts() == {
        (None, NOW.date(), 73, None, None, *kind): 1,
        (owner.pk, NOW.date(), 73, None, None, *kind): 1,
        (owner.pk, None, None, send.task_id, send.recipient, *kind): 1,
        (owner.pk, None, None, None, None, *kind): 1,
    }


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_keep_a_send_from_being_stored(owner):
    make_send(owner, sent_at=NOW - days(1))

    assert [*SendCount.objects.filter(user_id=None).values_list("took", flat=True)] == [0]


@pytest.mark.django_db
def test_a_send_that_ends_moves_from_one_count_to_another(owner):
    send = make_queued_send(owner)
    make_queued_send(owner)
    assert (totals(), unfinished()["queued"]) == ({"queued": 2}, 2)

    NotificationSend.objects.filter(pk=send.pk).give_up("The receiver answered 500.")

    assert (totals(), unfinished()["queued"]) == ({"queued": 1, "failed": 1}, 1)


@pytest.mark.django_db
def test_sends_that_are_deleted_no_longer_count(owner):
    for _ in range(3):
        make_send(owner)

    NotificationSend.objects.all().delete()

    assert counts() == {}


@pytest.mark.django_db
def test_a_change_of_what_is_not_counted_adds_no_row(owner):
    make_queued_send(owner)
    before = SendCount.objects.count()

    NotificationSend.objects.update(next_attempt_at=NOW, attempt_count=3)

    assert SendCount.objects.count() == before


@pytest.mark.django_db
def test_folding_leaves_the_same_counts_in_one_row_each(owner, stranger):
    task = make_task(owner)
    for user in (owner, owner, stranger):
        send = make_queued_send(user, task=task)
        NotificationSend.objects.filter(pk=send.pk).give_up("No.")
    before = counts()
    assert SendCount.objects.count() > len(before)

    fold()
    make_send(owner, status="failed", task=task, created_at=send.created_at)
    fold()

    assert SendCount.objects.count() == len(counts())
    assert not SendCount.objects.filter(is_folded=False).exists()
    assert totals() == {"failed": 4}
    assert recount() == 0


@pytest.mark.django_db
def test_times_of_many_classes_are_kept_apart_so_that_counts_stay_few(owner):
    sends = [make_send(owner, sent_at=NOW + timedelta(seconds=2**number)) for number in range(9)]

    fold()

    of_the_day = SendCount.objects.filter(user_id=owner.pk, day=NOW.date())
    assert [count.number for count in of_the_day.exclude(number=0)] == [9]
    assert [count.timed for count in of_the_day.exclude(timed=0)] == [1] * 9
    assert recount() == 0
    NotificationSend.objects.filter(pk=sends[0].pk).delete()
    fold()
    assert [count.number for count in of_the_day.exclude(number=0)] == [8]
    assert [count.timed for count in of_the_day.exclude(timed=0)] == [1] * 8
    assert recount() == 0


@pytest.mark.django_db
def test_folding_reads_and_writes_only_what_has_changed(owner):
    for number in range(5):
        make_send(owner, created_at=NOW + days(number))
    fold()
    untouched = {*SendCount.objects.filter(day=NOW.date()).values_list("pk", flat=True)}

    make_send(owner, created_at=NOW + days(2))
    fold()

    assert untouched <= {*SendCount.objects.values_list("pk", flat=True)}


@pytest.mark.django_db
def test_folding_stops_when_its_worker_does(owner):
    make_send(owner)

    fold(must_end=lambda: True)

    assert SendCount.objects.filter(is_folded=False).exists()


@pytest.mark.django_db(transaction=True)
def test_a_recount_corrects_what_was_done_without_triggers(owner):
    make_send(owner)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_notificationsend DISABLE TRIGGER USER")
        make_send(owner, status="failed")
        cursor.execute("ALTER TABLE notifications_notificationsend ENABLE TRIGGER USER")
    assert totals() == {"sent": 1}
    out = StringIO()

    call_command("recount", stdout=out)
    call_command("recount", stdout=out)

    assert totals() == {"sent": 1, "failed": 1}
    assert out.getvalue() == "Corrected 4 counts.\nAll counts were right.\n"


@pytest.mark.django_db(transaction=True)
def test_recording_waits_for_nobody(owner):
    """There is no row for which two transactions of one user contend, nor for a fold."""
    make_send(owner)

    def record() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            make_send(owner, endpoint=endpoint)

    def fold_within(limit: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{limit}'")
            fold()

    endpoint = make_send(owner).endpoint
    with transaction.atomic():
        make_send(owner, endpoint=endpoint)
        at_once(record, lambda: fold_within("1s"))
        fold()
        at_once(record)

    assert totals() == {"sent": 5}
    assert recount() == 0


class Writer:
    """Changes sends at random.

    Args:
        endpoints: the webhook of each user.
        seed: for its random numbers.
    """

    def __init__(self, endpoints: dict[User, WebhookEndpoint], seed: int) -> None:
        self.endpoints = endpoints
        self.chance = random.Random(seed)

    def write(self) -> None:
        changes = [*[self.record] * 3, self.settle, self.redeliver, self.prune, self.roll_back]
        for _ in range(60):
            self.chance.choice(changes)()

    def some(self) -> NotificationSendQuerySet:
        sends = NotificationSend.objects.filter(user=self.chance.choice([*self.endpoints]))
        return sends.filter(pk__in=[*sends.order_by("?").values_list("pk", flat=True)[:5]])

    def record(self) -> None:
        user = self.chance.choice([*self.endpoints])
        at = NOW + days(self.chance.randrange(3))
        make_queued_send(user, endpoint=self.endpoints[user], created_at=at)

    def settle(self) -> None:
        self.some().unfinished().update(
            status="sent", sent_at=NOW, next_attempt_at=None, error_message=None
        )

    def redeliver(self) -> None:
        redeliver_all(sends=self.some(), now=NOW)

    def prune(self) -> None:
        if self.chance.random() < 0.2:
            prune(older_than=days(0), now=NOW + days(self.chance.randrange(3)))

    def roll_back(self) -> None:
        with transaction.atomic():
            self.record()
            transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_counts_are_exact_while_sends_are_written_folded_and_recounted_at_random(owner, stranger):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    endpoints = {user: make_endpoint(user) for user in (owner, stranger)}
    for user in endpoints:
        make_send(user)
    writers_left = [*range(4)]

    def write(number: int) -> None:
        try:
            Writer(endpoints, seed + number).write()
        finally:
            writers_left.remove(number)

    def replace() -> None:
        while writers_left:
            fold()
            assert recount() == 0

    at_once(*(partial(write, number) for number in range(4)), replace, replace)

    assert recount() == 0
    statuses = Counter(NotificationSend.objects.values_list("status", flat=True))
    assert totals() == dict(statuses)
    assert sum(statuses.values()) > 20
