"""The example in docs/adding-a-channel.md is a channel."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings
from django.db import connection
from structlog.testing import capture_logs

from notifications.channels import CHANNELS
from notifications.models import NotificationSend
from notifications.record import record_sends
from tests.support.factories import NOW, make_execution, make_task
from tests.support.run_delivery import deliver

PAGE = Path(settings.BASE_DIR) / "docs" / "adding-a-channel.md"
#: What the page has the reader change in the second step.
CONSTRAINTS = ("send_notification_type_known", "send_endpoint_exactly_for_webhooks")


@pytest.fixture
def example(monkeypatch, transactional_db) -> Iterator[ModuleType]:
    [source] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("example")
    exec(compile(source, str(PAGE), "exec"), module.__dict__)
    monkeypatch.setitem(CHANNELS, "log", module.LogChannel())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = ANY(%s)",
            [[*CONSTRAINTS]],
        )
        definitions = dict(cursor.fetchall())
        table = NotificationSend._meta.db_table
        for name in CONSTRAINTS:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield module
    NotificationSend.objects.all().delete()
    with connection.cursor() as cursor:
        for name in CONSTRAINTS:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definitions[name]}")


def test_the_example_delivers(example, owner):
    task = make_task(owner)
    execution = make_execution(task, notification="**Shop**")
    [send] = record_sends(task=task, execution=execution, now=NOW)

    with capture_logs() as entries:
        deliver()

    send.refresh_from_db()
    assert (send.notification_type, send.status, send.recipient) == ("log", "sent", owner.email)
    assert [entry["text"] for entry in entries if entry["event"] == "notification"] == ["**Shop**"]
