"""`manage.py prune sends|executions`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from executions.models import Execution
from notifications.models import NotificationSend, Payload
from tests.support.factories import NOW, days, make_execution, make_send, make_task

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


def test_old_sends_are_deleted_and_bodies_at_a_third_of_their_age(owner):
    make_send(owner, created_at=NOW - days(91))
    make_send(owner, created_at=NOW - days(31))

    would = run("sends", "--older-than", "90d", "--dry-run")
    assert NotificationSend.objects.count() == 2
    did = run("sends", "--older-than", "90d")

    assert would == "Would delete the bodies of 2 sends and 1 sends.\n"
    assert did == "Deleted the bodies of 2 sends and 1 sends.\n"
    assert (NotificationSend.objects.count(), Payload.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("options", "count"), [((), 1), (("--with-notification",), 2)], ids=["silent", "told"]
)
def test_old_executions_are_deleted_but_not_a_tasks_latest(owner, options, count):
    task = make_task(owner)
    for age, told in ((40, "**It**"), (35, "**It**"), (33, None), (31, None)):
        make_execution(task, created_at=NOW - days(age), notification=told)

    would = run("executions", "--older-than", "30d", "--dry-run", *options)
    assert Execution.objects.count() == 4
    did = run("executions", "--older-than", "30d", *options)

    assert would == f"Would delete {count} executions.\n"
    assert did == f"Deleted {count} executions.\n"
    assert Execution.objects.count() == 4 - count


@pytest.mark.parametrize("what", ["sends", "executions"])
def test_wrong_usage_says_how_an_age_is_written(what):
    with pytest.raises(CommandError, match="'old' is not a duration; write it like 90d, 12h"):
        run(what, "--older-than", "old")
