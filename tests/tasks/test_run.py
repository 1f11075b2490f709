"""An execution's way, over a page that a real server serves."""

from datetime import timedelta

import pytest

from executions import confined
from executions.failures import FailureKind
from executions.models import Execution
from executions.monitors import Answer, AskFailed
from notifications.models import NotificationSend
from tasks.run import fail, settle, start
from tests.support.factories import NOW, make_pending_execution, make_task, refused_rows
from tests.support.receivers import HTTPAnswer
from tests.support.run_visits import claimed, visit

pytestmark = pytest.mark.django_db(transaction=True)


def page(text: str, status: int = 200) -> HTTPAnswer:
    return HTTPAnswer(status, text.encode(), {"Content-Type": "text/html"})


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def watching(owner, http_receiver):
    """A task that watches the receiver's page, with both channels."""
    return make_task(
        owner,
        search_query=f"Is it there? {http_receiver.url}/product",
        notification_email=owner.email,
        webhook_url=f"{http_receiver.url}/hook",
    )


def ask(task) -> Execution:
    execution = start(task=task, now=NOW)
    work_on(execution)
    return execution


def work_on(execution: Execution) -> None:
    """Do what a worker does with the execution."""
    visit()
    execution.refresh_from_db()


def test_a_met_condition_records_one_send_per_channel(watching, http_receiver):
    http_receiver.answers = [page("<title>Shop</title>In stock")]

    execution = ask(watching)

    assert execution.status == "success"
    assert execution.notification == (
        '**Shop**\n\nThe page contains "In stock": "Shop In stock".\n\n'
        f"<{http_receiver.url}/product>"
    )
    assert set(NotificationSend.objects.values_list("notification_type", "status")) == {
        ("email", "queued"),
        ("webhook", "queued"),
    }
    watching.refresh_from_db()
    # An interval of 15 minutes, which is up to a tenth longer or shorter.
    assert abs(watching.next_run_at - NOW - timedelta(minutes=15)) <= timedelta(seconds=90)


def test_a_condition_that_is_not_met_records_no_send(watching, http_receiver):
    http_receiver.answers = [page("Out of stock")]

    execution = ask(watching)

    assert (execution.status, execution.notification) == ("success", None)
    assert not NotificationSend.objects.exists()


def test_it_is_told_when_it_becomes_true_and_not_while_it_stays_so(watching, http_receiver):
    http_receiver.answers = [
        page("In stock"),
        page("In stock"),
        page("Out of stock"),
        page("In stock"),
    ]

    told = [ask(watching).notification is not None for _ in range(4)]

    assert told == [True, False, False, True]


def test_suppressed_notifications_record_no_send(watching, http_receiver):
    http_receiver.answers = [page("In stock")]
    execution = start(task=watching, now=NOW, notify=False)

    work_on(execution)
    assert execution.notification is not None
    assert not NotificationSend.objects.exists()


def test_a_failing_page_is_asked_again_and_given_up_at_last(watching, http_receiver, time_machine):
    http_receiver.answers = [page("", status=503)]
    execution = ask(watching)
    statuses = [execution.status]

    while execution.status == "retrying":
        assert (
            execution.error_message
            == f"{http_receiver.url}/product answered 503 Service Unavailable."
        )
        time_machine.move_to(execution.next_attempt_at, tick=False)
        work_on(execution)
        statuses.append(execution.status)

    assert statuses == ["retrying", "retrying", "retrying", "failed"]
    watching.refresh_from_db()
    assert execution.completed_at
    assert watching.next_run_at == execution.completed_at + timedelta(minutes=1)


def test_a_late_answer_of_a_cancelled_run_is_discarded(watching):
    execution = start(task=watching, now=NOW)
    taken = claimed_by_a_worker(execution)
    start(task=watching, now=NOW, force=True)

    settle(taken, answer_met(), now=NOW)

    execution.refresh_from_db()
    assert (execution.status, execution.notification) == ("cancelled", None)
    assert not NotificationSend.objects.exists()
    watching.refresh_from_db()
    assert watching.last_known_state is None


@pytest.mark.parametrize("late", ["answer", "failure"])
def test_what_comes_late_to_a_deleted_task_is_discarded(watching, late):
    taken = claimed_by_a_worker(start(task=watching, now=NOW))
    watching.delete()

    if late == "answer":
        settle(taken, answer_met(), now=NOW)
    else:
        fail(taken, AskFailed(FailureKind.NETWORK, "It cannot be reached."), now=NOW, jitter=0.5)

    assert not NotificationSend.objects.exists()
    assert not Execution.objects.exists()


def test_settling_twice_makes_one_send_per_channel(watching):
    execution = start(task=watching, now=NOW)
    taken = claimed_by_a_worker(execution)

    settle(taken, answer_met(), now=NOW)
    settle(taken, answer_met(), now=NOW)

    assert NotificationSend.objects.filter(execution_id=execution.pk).count() == 2


def test_a_monitor_that_breaks_leaks_nothing_to_the_user(owner, http_receiver, caplog):
    page = f"{http_receiver.url}/"
    remembered = {"rule": 'contains "In stock"', "pages": {page: "not what it writes itself"}}
    task = make_task(owner, search_query=page, last_known_state=remembered)

    execution = ask(task)

    assert execution.status == "retrying"
    assert execution.failure_kind == "system_error"
    assert execution.error_message == (
        "Something went wrong on our side; the details are in the server's log."
    )
    assert "monitor_broke" in caplog.text


def test_an_answer_that_cannot_be_stored_is_a_failure_in_words(watching, http_receiver, caplog):
    http_receiver.answers = [page("In stock")]

    with refused_rows("notifications_payload", "true"):
        execution = ask(watching)

    assert (execution.status, execution.attempt_count) == ("retrying", 1)
    assert execution.error_message == (
        "Something went wrong on our side; the details are in the server's log."
    )
    assert "refused by the test" in caplog.text


def test_an_execution_that_no_worker_survives_is_given_up(watching, http_receiver):
    execution = make_pending_execution(watching, attempt_count=10)

    work_on(execution)

    assert execution.status == "failed"
    assert execution.error_message == "The worker that ran this stopped unexpectedly each time."
    assert http_receiver.requests == []


def test_an_execution_that_another_worker_has_is_left_alone(watching, http_receiver):
    execution = make_pending_execution(watching)
    claimed(execution.pk)

    work_on(execution)

    assert http_receiver.requests == []


def test_a_page_that_takes_too_much_is_not_asked_again_before_its_next_visit(
    watching, http_receiver, monkeypatch
):
    monkeypatch.setattr(confined, "CPU_S", 0.1)
    monkeypatch.setattr(confined, "_idle", [])  # the others have more time
    http_receiver.answers = [page("<p>x" * 1_000_000)]

    execution = ask(watching)

    assert (execution.status, execution.next_attempt_at) == ("failed", None)
    assert execution.error_message.startswith(
        f"{http_receiver.url}/product cannot be watched: reading it and applying the condition "
        "took more than "
    )
    watching.refresh_from_db()
    assert watching.next_run_at == NOW + timedelta(minutes=1)


def claimed_by_a_worker(execution: Execution) -> Execution:
    taken = claimed(execution.pk)
    assert taken
    return taken


def answer_met() -> Answer:
    return Answer(
        condition_met=True,
        notification="**In stock**",
        evidence="In stock",
        confidence=100,
        state={"pages": {}},
    )
