"""What a task's owner is told of the watch itself: once each, and in the record."""

from datetime import datetime, timedelta

import pytest

from executions.failures import FailureKind
from executions.models import Execution
from executions.monitors import Answer, AskFailed
from notifications.models import NotificationSend
from tasks.models import Task
from tasks.run import fail, settle, start
from tests.support import run_visits
from tests.support.factories import NOW, make_address, make_task, make_unverified_address
from tests.support.run_delivery import deliver

pytestmark = pytest.mark.django_db(transaction=True)

FORTY_MINUTES = timedelta(minutes=40)
AT = NOW + 2 * FORTY_MINUTES


@pytest.fixture(autouse=True)
def _address(settings):
    settings.TORALE_URL = "https://torale.example"


@pytest.fixture(autouse=True)
def _in_time(time_machine):
    time_machine.move_to(AT, tick=False)


@pytest.fixture
def task(owner):
    return make_task(owner, name="Is it back?")


def claimed(task, *, now=NOW, notify=True) -> Execution:
    execution = start(task=task, now=now, notify=notify)
    taken = run_visits.claimed(execution.pk, now=now)
    assert taken
    return taken


def failing_run(task, *, now=NOW, notify=True, warnings=()) -> None:
    """Have one run fail for good: asking again would not help."""
    failure = AskFailed(FailureKind.USER_ERROR, "It answered 404.", warnings=warnings)
    fail(claimed(task, now=now, notify=notify), failure, now=now, jitter=0.5)


def good_run(task, *, now=AT, notify=True, warnings=()) -> None:
    answer = Answer(
        condition_met=False,
        notification=None,
        evidence="Nothing.",
        confidence=90,
        state={},
        warnings=[*warnings],
    )
    settle(claimed(task, now=now, notify=notify), answer, now=now)


def failing_spell(task, *, since: datetime = NOW) -> None:
    """Have three runs fail in 80 minutes."""
    for count in range(3):
        failing_run(task, now=since + count * FORTY_MINUTES)


def told() -> list[tuple[str, str]]:
    return [*NotificationSend.objects.order_by("pk").values_list("event_type", "status")]


FAILING = ("task.failing", "queued")
RECOVERED = ("task.recovered", "queued")
WARNING = ("task.warning", "queued")


def test_the_owner_is_told_by_email_what_was_answered_since_when_and_what_to_do(
    owner, task, smtp_receiver
):
    failing_spell(task)
    deliver()

    [send] = NotificationSend.objects.all()
    assert (send.event_type, send.notification_type, send.status, send.recipient) == (
        "task.failing",
        "email",
        "sent",
        owner.email,
    )
    assert (send.task_id, send.task_name) == (task.pk, "Is it back?")
    assert Execution.objects.get(pk=send.execution_id).error_message == "It answered 404."
    [mail] = smtp_receiver.messages
    assert (mail["To"], mail["Subject"]) == (owner.email, 'Your task "Is it back?" keeps failing')
    assert mail.get_body("plain").get_content().splitlines() == [
        (
            'Your task "Is it back?" could not look since 4 March 2026 at 09:00 UTC: 3 visits have '
            "failed. The last error was:"
        ),
        "",
        "    It answered 404.",
        "",
        (
            "Open the page in a browser without logging in. If the page is not there, write its "
            "new address into the task's search_query. If it is there, its site refuses programs, "
            "and another page may say the same."
        ),
        "",
        (
            "It will be tried again on 4 March 2026 at 10:24 UTC. You will get no further email "
            "about this until it works again."
        ),
        "",
        f"The task: https://torale.example/tasks/{task.pk}",
        f"Why this mail? https://torale.example/why/{send.pk}",
        f"Pause the task: https://torale.example/tasks/{task.pk}/pause",
        "",
        "-- ",
        "Torale at https://torale.example",
        "No more emails of this kind: https://torale.example/settings/emails",
    ]


def test_a_notice_has_no_link_that_unsubscribes_from_the_task(task, smtp_receiver):
    failing_spell(task)
    deliver()

    [mail] = smtp_receiver.messages
    assert mail["List-Unsubscribe"] is None
    assert "unsubscribe" not in str(mail)


@pytest.mark.parametrize(
    ("minutes", "is_told"),
    [([0, 60], False), ([0, 1, 59], False), ([0, 1, 60], True), ([0, 1, 2, 3, 7, 15, 31], False)],
    ids=str,
)
def test_it_is_told_after_an_hour_and_three_visits(task, minutes, is_told):
    for minute in minutes:
        failing_run(task, now=NOW + timedelta(minutes=minute))

    assert told() == ([FAILING] if is_told else [])


def test_it_is_told_once_however_often_it_fails(task):
    for count in range(9):
        failing_run(task, now=NOW + count * FORTY_MINUTES)

    assert told() == [FAILING]


def test_a_run_that_succeeds_in_between_starts_the_hour_anew(task):
    failing_run(task, now=NOW)
    failing_run(task, now=NOW + timedelta(minutes=30))
    good_run(task, now=NOW + timedelta(minutes=40))
    for minute in (50, 70, 100):
        failing_run(task, now=NOW + timedelta(minutes=minute))

    assert told() == []


def test_the_owner_is_told_once_when_it_works_again(task, smtp_receiver):
    failing_spell(task)
    deliver()
    good_run(task)
    good_run(task)
    deliver()

    assert told() == [("task.failing", "sent"), ("task.recovered", "sent")]
    mail = smtp_receiver.messages[1]
    assert mail["Subject"] == 'Your task "Is it back?" works again'
    assert mail.get_body("plain").get_content().splitlines()[:3] == [
        (
            'Your task "Is it back?" can look again. It could not from 4 March 2026 at 09:00 UTC '
            "to 4 March 2026 at 10:20 UTC. There is nothing to do."
        ),
        "",
        f"The task: https://torale.example/tasks/{task.pk}",
    ]


def test_a_task_that_never_failed_long_tells_nothing_when_it_works(task):
    for run in [failing_run, good_run]:
        run(task)

    assert told() == []


def test_it_is_told_anew_when_it_fails_anew(task, smtp_receiver):
    failing_spell(task)
    deliver()
    good_run(task)
    failing_spell(task, since=AT)

    assert [event for event, _ in told()] == ["task.failing", "task.recovered", "task.failing"]


def test_retries_of_one_run_do_not_count(task):
    execution = start(task=task, now=NOW)
    now = NOW
    for _ in range(3):
        taken = run_visits.claimed(execution.pk, now=now)
        assert taken
        failure = AskFailed(FailureKind.NETWORK, "It cannot be reached.")
        fail(taken, failure, now=now, jitter=0.5)
        now += timedelta(hours=1)

    execution.refresh_from_db()
    assert execution.status == "retrying"
    task.refresh_from_db()
    assert (task.failed_run_count, told()) == (0, [])


def test_forced_cancellations_do_not_count(task):
    late = [claimed(task)]
    for _ in range(3):
        execution = start(task=task, now=NOW, force=True)
        taken = run_visits.claimed(execution.pk, now=NOW)
        assert taken
        late.append(taken)

    for execution in late[:-1]:
        failure = AskFailed(FailureKind.USER_ERROR, "too late")
        fail(execution, failure, now=AT, jitter=0.5)

    task.refresh_from_db()
    assert (task.failed_run_count, told()) == (0, [])


def test_runs_that_suppress_notifications_count_but_tell_nothing(task):
    for count in range(3):
        failing_run(task, now=NOW + count * FORTY_MINUTES, notify=False)
    assert told() == []

    failing_run(task, now=AT)

    assert told() == [FAILING]


def test_a_success_that_suppresses_notifications_leaves_the_good_news_to_the_next(
    task, smtp_receiver
):
    failing_spell(task)
    deliver()

    good_run(task, notify=False)
    assert told() == [("task.failing", "sent")]
    good_run(task)

    assert told() == [("task.failing", "sent"), RECOVERED]


def test_a_paused_task_is_not_said_to_be_tried_again(owner, smtp_receiver):
    task = make_task(owner, state="paused")
    failing_spell(task)
    deliver()

    [mail] = smtp_receiver.messages
    text = mail.get_body("plain").get_content()
    assert "It is paused, and will be tried again when you make it active." in text


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_is_told_with_what_to_do(task, kind):
    for _ in range(3):
        execution = claimed(task)
        Execution.objects.filter(pk=execution.pk).update(attempt_count=9)
        execution.attempt_count = 9
        fail(execution, AskFailed(kind, "It failed."), now=AT, jitter=0.5)
        task.refresh_from_db()
        task.failing_since = NOW
        task.save()
    execution = claimed(task)
    Execution.objects.filter(pk=execution.pk).update(attempt_count=9)
    execution.attempt_count = 9
    fail(execution, AskFailed(kind, "It failed."), now=AT, jitter=0.5)

    assert told() == [FAILING]


def test_a_notice_goes_to_the_address_that_the_task_names(owner):
    make_address(owner, email="second@example.com")
    failing_spell(make_task(owner, notification_email="second@example.com"))

    assert NotificationSend.objects.get().recipient == "second@example.com"


def test_a_notice_goes_to_the_account_unless_the_tasks_address_is_verified(owner):
    make_unverified_address(owner, email="second@example.com")
    failing_spell(make_task(owner, notification_email="second@example.com"))

    assert NotificationSend.objects.get().recipient == owner.email


def test_a_task_with_only_a_webhook_tells_the_account_by_email(owner):
    failing_spell(make_task(owner, webhook_url="https://r.example/hook"))

    [send] = NotificationSend.objects.all()
    assert (send.notification_type, send.recipient) == ("email", owner.email)


def test_a_warning_is_told_once_after_three_visits(task, smtp_receiver):
    warnings = ['css(".price") found something before and finds nothing now.']
    for _ in range(2):
        good_run(task, warnings=warnings)
    assert told() == []

    for _ in range(3):
        good_run(task, warnings=warnings)
    deliver()

    assert told() == [("task.warning", "sent")]
    [mail] = smtp_receiver.messages
    assert mail["Subject"] == 'Your task "Is it back?" may no longer see what it should'
    assert f"    {warnings[0]}" in mail.get_body("plain").get_content().splitlines()


def test_a_warning_that_ended_in_between_is_a_new_spell(task):
    for warnings in (["dead"], ["dead"], [], ["dead"], ["dead"]):
        good_run(task, warnings=warnings)

    assert told() == []
    good_run(task, warnings=["dead"])
    assert told() == [WARNING]


def test_a_failure_between_two_warnings_ends_no_spell(task):
    good_run(task, warnings=["dead"])
    good_run(task, warnings=["dead"])
    failing_run(task)
    good_run(task, warnings=["dead"])

    assert told() == [WARNING]


def test_a_warning_that_comes_with_a_failure_is_left_to_the_notice_of_the_failure(task):
    for count in range(3):
        failing_run(task, now=NOW + count * FORTY_MINUTES, warnings=["410: it is gone for good."])

    task.refresh_from_db()
    assert task.warning_texts == ["410: it is gone for good."]
    assert told() == [FAILING]
    good_run(task)
    task.refresh_from_db()
    assert task.warning_texts == []


def test_the_owner_sees_the_warnings_and_a_stranger_does_not(owner, owner_client, stranger_client):
    task = make_task(owner, is_public=True)
    good_run(task, warnings=["dead", "dead", "short"])

    url = f"/api/v1/tasks/{task.pk}"
    assert owner_client.get(url).json()["warnings"] == ["dead", "short"]
    assert stranger_client.get(url).json()["warnings"] == []


def test_a_changed_question_is_asked_at_once_and_has_no_warnings(owner_client, task):
    failing_run(task, now=AT - timedelta(minutes=1), warnings=["It is gone."])
    url = f"/api/v1/tasks/{task.pk}"
    Task.objects.update(next_run_at=AT + timedelta(days=1))

    shown = owner_client.patch(url, {"search_query": "https://new.example/"}, format="json").json()

    assert datetime.fromisoformat(shown["next_run"]) == AT
    assert shown["warnings"] == []


def test_a_change_that_leaves_the_question_alone_brings_no_visit_forward(owner_client, task):
    failing_run(task, now=AT - timedelta(minutes=1))
    url = f"/api/v1/tasks/{task.pk}"
    before = owner_client.get(url).json()["next_run"]

    shown = owner_client.patch(url, {"name": "Another"}, format="json").json()

    assert shown["next_run"] == before
