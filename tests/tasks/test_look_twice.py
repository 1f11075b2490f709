"""What may be noise is told only if a second look finds it, too; over a page from a real server."""

from copy import copy
from datetime import datetime, timedelta

import pytest

from executions.failures import FailureKind
from executions.models import ASKING_LEASE, Execution
from executions.monitors import Answer, AskFailed
from notifications.models import NotificationSend
from tasks.lifecycle import delete_task, update_task
from tasks.models import PageText, Task
from tasks.run import fail, settle, start
from tasks.schedule import recover
from tests.support import run_visits
from tests.support.factories import NOW, make_task
from tests.support.receivers import HTTPAnswer

pytestmark = pytest.mark.django_db(transaction=True)

#: The setting's default.
CONFIRM = timedelta(seconds=45)
HEAD = "<title>Shop</title><h1>The little shop by the harbour</h1><p>Open from nine to five.</p>"


def page(text: str, status: int = 200) -> HTTPAnswer:
    body = f"{HEAD}<p>{text}</p>".encode()
    return HTTPAnswer(status, body, {"Content-Type": "text/html; charset=utf-8"})


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def watching(owner, http_receiver) -> Task:
    """A task that watches the receiver's page for changes, and has seen it sold out."""
    http_receiver.answers = [page("Sold out")]
    task = make_task(
        owner,
        search_query=f"{http_receiver.url}/product",
        condition_description="changes",
        webhook_url="https://receiver.example/hook",
    )
    visit(task)
    return task


def visit(task: Task) -> Execution:
    """Start an execution and do what a worker does with it at first."""
    task.refresh_from_db()
    return work_on(start(task=task, now=NOW))


def work_on(execution: Execution) -> Execution:
    run_visits.visit()
    execution.refresh_from_db()
    return execution


@pytest.fixture
def look_again(time_machine):
    """Return a function that looks once more when it is due."""

    def look(execution: Execution) -> Execution:
        time_machine.move_to(execution.next_attempt_at, tick=False)
        return work_on(execution)

    return look


def news(execution: Execution) -> str:
    """Return what an execution has told."""
    assert execution.notification
    return execution.notification


def is_told(execution: Execution) -> bool:
    is_sent = NotificationSend.objects.filter(execution_id=execution.pk).exists()
    assert is_sent == (execution.notification is not None)
    return is_sent


def test_a_change_is_told_when_a_second_look_finds_it_too(watching, http_receiver, look_again):
    http_receiver.answers = [page("In stock")]

    execution = visit(watching)
    told_at_first = is_told(execution)
    look_again(execution)

    assert not told_at_first
    assert is_told(execution)
    assert "Gone:\n\n- Sold out\n\nNew:\n\n- In stock\n" in news(execution)


def test_between_the_looks_the_execution_waits_without_an_error(watching, http_receiver):
    http_receiver.answers = [page("In stock")]
    watching.refresh_from_db()
    remembered = watching.last_known_state

    execution = visit(watching)

    assert (execution.status, execution.error_message) == ("retrying", None)
    assert (execution.attempt_count, execution.leased_until) == (0, None)
    assert execution.first_look_at == NOW
    assert execution.next_attempt_at == NOW + CONFIRM
    watching.refresh_from_db()
    assert watching.last_known_state == remembered


def test_the_second_look_is_no_attempt_more(watching, http_receiver, look_again):
    http_receiver.answers = [page("In stock")]

    execution = look_again(visit(watching))

    assert (execution.status, execution.attempt_count) == ("success", 1)


def test_a_failure_before_the_first_look_is_no_longer_shown(watching, http_receiver, look_again):
    http_receiver.answers = [page("", status=503), page("In stock")]

    execution = visit(watching)
    failed = execution.error_message
    look_again(execution)

    assert failed
    assert "503" in failed
    assert (execution.status, execution.error_message) == ("retrying", None)
    assert execution.failure_kind is None


@pytest.mark.parametrize(
    "condition",
    ["changes", 'does not contain "Sold out"', 'css("p:last-child") < 100'],
)
def test_a_page_that_flaps_tells_nothing(watching, http_receiver, look_again, condition):
    update_task(task=watching, fields={"condition_description": condition}, now=NOW)
    visit(watching)
    http_receiver.answers = [page("99 left"), page("Sold out")] * 3

    executions = [look_again(visit(watching)) for _ in range(3)]

    assert [execution.status for execution in executions] == ["success"] * 3
    assert not any(map(is_told, executions))


def test_a_half_deployed_page_is_told_once_when_it_is_wholly_there(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("New shop"), page("Sold out")]
    half = look_again(visit(watching))
    http_receiver.answers = [page("New shop")]

    whole = look_again(visit(watching))
    after = visit(watching)

    assert [is_told(execution) for execution in (half, whole, after)] == [False, True, False]


def test_what_rotates_is_not_told_and_what_changes_beside_it_is(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("Sold out</p><p>Ad: hats")]
    look_again(visit(watching))
    http_receiver.answers = [page(f"Sold out</p><p>Ad: {ad}") for ad in ("shoes", "bags")]
    rotated = look_again(visit(watching))
    http_receiver.answers = [page(f"In stock</p><p>Ad: {ad}") for ad in ("ties", "coats")]

    changed = look_again(visit(watching))

    assert not is_told(rotated)
    assert is_told(changed)
    assert "Gone:\n\n- Sold out\n\nNew:\n\n- In stock\n" in news(changed)
    assert "Ad" not in news(changed)


def test_what_changes_only_at_the_second_look_is_told_at_the_next_visit(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("Sold out</p><p>Ad: hats"), page("In stock")]
    first = look_again(visit(watching))
    http_receiver.answers = [page("In stock")]

    second = look_again(visit(watching))

    assert not is_told(first)
    assert is_told(second)


@pytest.mark.parametrize(
    ("condition", "text"),
    [('contains "in stock"', "In stock"), ("matches /[0-9]+ left/", "9 left")],
)
def test_what_stands_on_the_page_is_told_at_once(watching, http_receiver, condition, text):
    update_task(task=watching, fields={"condition_description": condition}, now=NOW)
    visit(watching)
    http_receiver.answers = [page(text)]

    execution = visit(watching)

    assert (execution.status, execution.first_look_at) == ("success", None)
    assert is_told(execution)


@pytest.mark.parametrize("condition", ['does not contain "Sold out"', 'css("p:last-child") < 100'])
def test_other_rules_are_told_after_the_second_look(watching, http_receiver, look_again, condition):
    update_task(task=watching, fields={"condition_description": condition}, now=NOW)
    visit(watching)
    http_receiver.answers = [page("99 left")]

    execution = visit(watching)
    told_at_first = is_told(execution)

    assert not told_at_first
    assert is_told(look_again(execution))


def test_a_setting_of_0_tells_at_once(watching, http_receiver, settings):
    settings.TORALE_CONFIRM_SECONDS = 0
    http_receiver.answers = [page("In stock"), page("Sold out")]

    assert is_told(visit(watching))


def test_a_failure_at_the_second_look_is_retried_and_loses_nothing(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("In stock"), page("", status=503), page("In stock")]

    execution = look_again(visit(watching))
    failed = (execution.status, execution.attempt_count, is_told(execution))
    look_again(execution)

    assert failed == ("retrying", 1, False)
    assert is_told(execution)
    assert execution.attempt_count == 2


def test_a_second_look_that_fails_for_good_leaves_the_news_for_the_next_visit(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("In stock"), page("", status=404), page("In stock")]
    execution = look_again(visit(watching))

    after = look_again(visit(watching))

    assert (execution.status, is_told(execution)) == ("failed", False)
    assert is_told(after)


def test_the_wait_holds_no_slot_of_a_worker(watching, owner, http_receiver):
    other = make_task(
        owner, search_query=f"{http_receiver.url}/other", condition_description='contains "stock"'
    )
    http_receiver.answers = [page("In stock")]
    waiting, told = start(task=watching, now=NOW), start(task=other, now=NOW)

    run_visits.visit()

    waiting.refresh_from_db()
    told.refresh_from_db()
    assert (waiting.status, told.status) == ("retrying", "success")


def test_a_worker_that_dies_at_the_second_look_loses_nothing(watching, http_receiver, time_machine):
    http_receiver.answers = [page("In stock")]
    execution = visit(watching)
    second_look_at = NOW + CONFIRM
    assert run_visits.claimed(execution.pk, now=second_look_at)  # and it dies
    later = second_look_at + ASKING_LEASE + timedelta(minutes=2)
    time_machine.move_to(later, tick=False)

    recovered = recover(now=later)

    assert recovered == 1
    assert is_told(work_on(execution))


@pytest.mark.parametrize("late", ["answer", "failure"])
def test_a_worker_that_is_late_with_the_first_look_changes_nothing(watching, late):
    execution = start(task=watching, now=NOW)
    slow = claimed(execution, at=NOW)
    quick = claimed(execution, at=NOW + ASKING_LEASE)
    settle(copy(quick), answer(is_tentative=True), now=NOW + ASKING_LEASE)
    second = claimed(execution, at=NOW + ASKING_LEASE + CONFIRM)
    assert second.attempt_count == quick.attempt_count

    for worker in (slow, quick):
        if late == "answer":
            settle(worker, answer(is_tentative=False), now=NOW + ASKING_LEASE + CONFIRM)
        else:
            fail(worker, AskFailed(FailureKind.NETWORK, "Late."), now=NOW, jitter=0.5)

    second.refresh_from_db()
    assert (second.status, second.notification, second.error_message) == ("running", None, None)


def claimed(execution: Execution, *, at: datetime) -> Execution:
    """Claim an execution as a worker does, and return it as that worker has it."""
    taken = run_visits.claimed(execution.pk, now=at)
    assert taken
    return taken


def answer(*, is_tentative: bool) -> Answer:
    return Answer(
        condition_met=True,
        notification="News",
        evidence="Seen.",
        confidence=100,
        state={},
        is_tentative=is_tentative,
    )


def test_force_between_the_looks_begins_anew(watching, http_receiver, look_again):
    http_receiver.answers = [page("In stock"), page("In stock too")]
    replaced = visit(watching)

    execution = start(task=watching, now=NOW, force=True)
    work_on(execution)
    replaced.refresh_from_db()

    assert replaced.status == "cancelled"
    assert (execution.status, execution.first_look_at) == ("retrying", NOW)
    assert "New:\n\n- In stock too\n" in news(look_again(execution))


def test_a_task_that_is_paused_between_the_looks_still_tells_what_it_saw(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("In stock")]
    execution = visit(watching)
    update_task(task=watching, fields={"state": "paused"}, now=NOW)

    look_again(execution)

    watching.refresh_from_db()
    assert is_told(execution)
    assert (watching.state, watching.next_run_at) == ("paused", None)


def test_a_task_that_is_deleted_between_the_looks_is_not_looked_at_again(watching, http_receiver):
    http_receiver.answers = [page("In stock")]
    visit(watching)
    delete_task(task=watching)
    before = len(http_receiver.requests)

    run_visits.visit()

    assert len(http_receiver.requests) == before
    assert not NotificationSend.objects.exists()
    assert not PageText.objects.exists()


def test_a_condition_that_is_changed_between_the_looks_begins_anew(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("In stock")]
    execution = visit(watching)
    update_task(task=watching, fields={"condition_description": 'contains "Sold out"'}, now=NOW)

    look_again(execution)

    assert (execution.status, is_told(execution)) == ("success", False)
    assert execution.result["evidence"] == 'The page does not contain "Sold out".'


def test_suppressed_notifications_are_looked_at_twice_and_record_no_send(
    watching, http_receiver, look_again
):
    http_receiver.answers = [page("In stock")]
    execution = start(task=watching, now=NOW, notify=False)
    work_on(execution)
    is_waiting = execution.status == "retrying"

    look_again(execution)

    assert is_waiting
    assert execution.notification
    assert not NotificationSend.objects.exists()


def test_a_page_with_news_only_at_the_second_look_is_told_at_the_next_visit(
    owner, http_receiver, look_again
):
    urls = [f"{http_receiver.url}/a", f"{http_receiver.url}/b"]
    task = make_task(
        owner,
        search_query=" ".join(urls),
        condition_description="changes",
        webhook_url="https://receiver.example/hook",
    )
    shown = {"/a": "old", "/b": "old"}
    http_receiver.judge = lambda request: page(shown[request.path])
    visit(task)
    shown["/a"] = "new"
    execution = visit(task)
    shown["/b"] = "new"

    look_again(execution)
    after = look_again(visit(task))

    assert urls[0] in news(execution)
    assert urls[1] not in news(execution)
    assert urls[1] in news(after)
    assert urls[0] not in news(after)


def test_what_a_cancelled_first_look_saw_does_not_count(owner, http_receiver, look_again):
    urls = [f"{http_receiver.url}/a", f"{http_receiver.url}/b"]
    task = make_task(
        owner,
        search_query=" ".join(urls),
        condition_description="changes",
        webhook_url="https://receiver.example/hook",
    )
    shown = {"/a": "old", "/b": "old"}
    http_receiver.judge = lambda request: page(shown[request.path])
    visit(task)
    shown |= {"/a": "new", "/b": "new"}
    visit(task)  # is cancelled before its second look
    shown["/b"] = "old"
    execution = start(task=task, now=NOW, force=True)
    work_on(execution)
    shown["/b"] = "new"

    look_again(execution)

    assert urls[0] in news(execution)
    assert urls[1] not in news(execution)
