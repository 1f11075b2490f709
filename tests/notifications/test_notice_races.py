"""Two tasks of one user that fail at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import transaction

from notifications.models import EventType, Lease, NotificationSend
from notifications.notices import MAIL_EVERY, record_notice
from tasks.events import Notice
from tests.support.factories import NOW, make_task
from tests.support.races import apart, at_once, wait_until_another_waits
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db(transaction=True)


def tell(owner, task) -> NotificationSend:
    """Record that a task fails."""
    return record_notice(
        EventType.FAILING,
        Notice(subject="It fails", text="It fails."),
        user=owner,
        recipient=owner.email,
        task_id=task.pk,
        task_name="",
        execution_id=uuid7(),
        now=NOW,
    )


def test_they_are_told_by_one_mail(owner):
    at_once(*(partial(tell, owner, make_task(owner)) for _ in range(4)))

    statuses = NotificationSend.objects.order_by("status").values_list("status", flat=True)
    assert [*statuses] == ["queued", "skipped", "skipped", "skipped"]


def test_a_mail_that_is_being_claimed_carries_no_other(owner):
    first = tell(owner, make_task(owner))
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():  # as a claim does
            NotificationSend.objects.select_for_update(no_key=True).get(pk=first.pk)
            Lease.objects.create(send=first, claim=uuid7(), until=NOW + MAIL_EVERY)
            telling = threads.submit(apart, tell, owner, make_task(owner))
            wait_until_another_waits()
        second = telling.result()

    assert (second.status, second.next_attempt_at) == ("queued", NOW + MAIL_EVERY)
