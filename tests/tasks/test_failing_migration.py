"""Tasks that an older version put off by a day are visited within the hour."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tasks.models import Task
from tests.support.older_schema import migrated_back

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_only_tasks_that_failed_are_visited_sooner(owner):
    now = timezone.now()
    with migrated_back("tasks", "0004_page_texts") as old:
        tasks: dict[str, dict[str, Any]] = {
            "failed": {"failed_run_count": 1, "next_run_at": now + DAY},
            "told": {"failed_run_count": 3, "failure_told_at": now - DAY, "next_run_at": now},
            "well": {"next_run_at": now + DAY},
            "paused": {"failed_run_count": 1, "next_run_at": None, "state": "paused"},
        }
        for name, fields in tasks.items():
            old.get_model("tasks", "Task").objects.create(user_id=owner.pk, name=name, **fields)

    failed, told, well, paused = (
        Task.objects.get(name=name) for name in ("failed", "told", "well", "paused")
    )
    assert failed.next_run_at
    assert failed.next_run_at - now < HOUR + timedelta(minutes=5)
    assert failed.failing_since
    assert failed.failing_since - now < timedelta(minutes=5)
    assert (told.next_run_at, told.failing_since) == (now, now - DAY)
    assert (well.next_run_at, well.failing_since) == (now + DAY, None)
    assert paused.next_run_at is None
    assert failed.warnings == []
