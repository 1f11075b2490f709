"""Two tasks of one user that fail at the same moment."""

from functools import partial

import pytest

from notifications.models import EventType, NotificationSend
from notifications.notices import record_notice
from tasks.events import Notice
from tests.support.factories import NOW, make_task
from tests.support.races import at_once
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db(transaction=True)


def test_they_are_told_by_one_mail(owner):
    at_once(
        *(
            partial(
                record_notice,
                EventType.FAILING,
                Notice(subject="It fails", text="It fails."),
                user=owner,
                recipient=owner.email,
                task_id=make_task(owner).pk,
                task_name="",
                execution_id=uuid7(),
                now=NOW,
            )
            for _ in range(4)
        )
    )

    statuses = NotificationSend.objects.order_by("status").values_list("status", flat=True)
    assert [*statuses] == ["queued", "skipped", "skipped", "skipped"]
