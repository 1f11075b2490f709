"""What follows from an answer's claim: it is told once, and may complete and name its task."""

from datetime import datetime

import pytest

from executions.models import Execution
from executions.monitors import Answer
from notifications.models import NotificationSend
from tasks.lifecycle import update_task
from tasks.models import State, Task
from tasks.run import settle, start
from tests.support.factories import NOW, days, make_task
from tests.support.run_visits import claimed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

CLAIM = "date 2026-09-12"


def answer(**differing) -> Answer:
    """Return an answer that tells CLAIM, unless something differs."""
    fields = {
        "condition_met": True,
        "notification": "**12 September 2026**",
        "evidence": "“It is released on 12 September.”",
        "confidence": 90,
        "state": {"seen": True},
        "claim": CLAIM,
        **differing,
    }
    return Answer(**fields)


NOT_MET = answer(condition_met=False, notification=None)


@pytest.fixture
def task(owner) -> Task:
    return make_task(owner, name="New Monitor", notification_email=owner.email)


def asked(task: Task, *, notify: bool = True, now: datetime = NOW) -> Execution:
    """Start an execution and claim it, as a worker does that then asks the question."""
    execution = claimed(start(task=task, now=now, notify=notify).pk, now=now)
    assert execution
    return execution


def visit(task: Task, found: Answer, *, notify: bool = True, now: datetime = NOW) -> Execution:
    """Ask the task's question, get this answer, and return the execution as it is stored."""
    execution = asked(task, notify=notify, now=now)
    settle(execution, found, now=now)
    task.refresh_from_db()
    return Execution.objects.get(pk=execution.pk)


def told(task: Task) -> int:
    """Return how many sends tell of the task."""
    return NotificationSend.objects.filter(task_id=task.pk).count()


def test_what_was_told_is_stored_but_not_told_again(task):
    first = visit(task, answer(), now=NOW)

    again = visit(task, answer(state={"seen": "again"}), now=NOW + days(40))

    assert (first.claim, first.notification) == (CLAIM, "**12 September 2026**")
    assert (again.status, again.claim, again.notification) == ("success", None, None)
    assert again.result["evidence"] == (
        "“It is released on 12 September.”\n\n"
        "The same was told before, on 4 March 2026 (UTC), so nobody is told again."
    )
    assert told(task) == 1
    assert task.last_known_state == {"seen": "again"}
    assert task.next_run_at > NOW + days(40)


def test_another_claim_is_told(task):
    visit(task, answer())

    visit(task, answer(claim="date 2026-10-01"))

    assert told(task) == 2


def test_the_same_claim_of_another_task_is_told(task, owner):
    other = make_task(owner, notification_email=owner.email)
    visit(task, answer())

    visit(other, answer())

    assert told(other) == 1


def test_answers_of_monitors_without_claims_are_told_as_often_as_they_are_met(task):
    for _ in range(2):
        assert visit(task, answer(claim=None)).claim is None

    assert told(task) == 2


def test_a_claim_that_was_not_told_can_still_be_told(task):
    assert visit(task, NOT_MET).claim is None

    visit(task, answer())

    assert told(task) == 1


def test_a_run_with_suppressed_notifications_counts_as_telling(task):
    silent = visit(task, answer(), notify=False)

    again = visit(task, answer())

    assert (silent.claim, again.notification, told(task)) == (CLAIM, None, 0)


def test_an_answer_for_good_completes_the_task_as_it_is_told(task):
    visit(task, answer(completes=True))

    assert (task.state, task.state_changed_at, task.next_run_at) == ("completed", NOW, None)
    assert told(task) == 1


@pytest.mark.parametrize(
    "found",
    [answer(), answer(completes=True, condition_met=False, notification=None)],
    ids=["not for good", "not met"],
)
def test_other_answers_leave_the_task_active(task, found):
    visit(task, found)

    assert task.state == "active"
    assert task.next_run_at > NOW


def test_a_task_that_is_resumed_after_its_answer_is_not_completed_by_the_same_one(task):
    visit(task, answer(completes=True))
    task = update_task(task=task, fields={"state": State.ACTIVE}, now=NOW)

    visit(task, answer(completes=True))

    assert (task.state, told(task)) == ("active", 1)


def test_a_task_that_was_paused_meanwhile_is_told_of_and_stays_paused(task):
    execution = asked(task)
    update_task(task=task, fields={"state": State.PAUSED}, now=NOW)

    settle(execution, answer(completes=True), now=NOW + days(1))

    task.refresh_from_db()
    assert (task.state, task.state_changed_at) == ("paused", NOW)
    assert told(task) == 1


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("Release of the\n console\u202e", "Release of the console"),
        ("x" * 81, "x" * 79 + "…"),
        ("x" * 80, "x" * 80),
        (" \u202e", "New Monitor"),
        ("", "New Monitor"),
        (None, "New Monitor"),
    ],
    ids=["one line", "too long", "long", "nothing to see", "empty", "none"],
)
def test_a_task_without_a_name_takes_the_topic(task, topic, name):
    visit(task, answer(topic=topic))

    assert task.name == name
    assert NotificationSend.objects.get().task_name == name


def test_a_task_that_was_named_meanwhile_keeps_its_name(task):
    execution = asked(task)
    update_task(task=task, fields={"name": "My console"}, now=NOW)

    settle(execution, answer(topic="Release of the console"), now=NOW)

    task.refresh_from_db()
    assert task.name == "My console"


def test_a_topic_of_an_answer_that_tells_nothing_is_taken_too(task):
    visit(task, answer(condition_met=False, notification=None, topic="Console"))

    assert task.name == "Console"
