"""Tasks of an older version that told nobody go on telling nobody."""

import pytest

from tasks.models import Task
from tests.support.factories import NOW
from tests.support.older_schema import migrated_back


@pytest.mark.django_db(transaction=True)
def test_only_tasks_that_named_no_destination_are_muted(owner):
    with migrated_back("tasks", "0001_initial") as old:
        for name, fields in {
            "nowhere": {},
            "by email": {"notification_email": owner.email},
            "by webhook": {"webhook_url": "https://receiver.example/"},
        }.items():
            old.get_model("tasks", "Task").objects.create(
                user_id=owner.pk, name=name, next_run_at=NOW, **fields
            )

    assert [task.name for task in Task.objects.filter(is_muted=True)] == ["nowhere"]
