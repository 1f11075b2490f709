"""The section "Notification sends": what Torale has to say of its own work."""

from datetime import timedelta

import pytest

from executions.failures import FailureKind
from executions.monitors import Answer, AskFailed
from notifications.models import NotificationSend
from tasks.run import fail, settle
from tests.support.api_calls import SENDS, TASKS, email, new_task, webhook
from tests.support.factories import NOW, make_address
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver
from tests.support.run_visits import claimed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(owner_client, time_machine):
    """Return a function that has a task run once, some minutes after NOW, and ends the run."""

    def ran(task, minutes: float, outcome: Answer | AskFailed) -> str:
        now = NOW + timedelta(minutes=minutes)
        time_machine.move_to(now, tick=False)
        id_ = owner_client.post(f"{TASKS}/{task['id']}/execute").json()["id"]
        execution = claimed(id_, now=now)
        assert execution
        if isinstance(outcome, Answer):
            settle(execution, outcome, now=now)
        else:
            fail(execution, outcome, now=now, jitter=0.5)
        return str(id_)

    return ran


FAILURE = AskFailed(FailureKind.USER_ERROR, "It answered 404.")


def answer(*warnings: str, notification: str | None = None) -> Answer:
    return Answer(
        condition_met=notification is not None,
        notification=notification,
        evidence="Seen.",
        confidence=100,
        state={},
        warnings=[*warnings],
    )


def sends_of(client, **filters: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get(SENDS, filters).json()["sends"]
    return found


def events(client, **filters: str) -> list[str]:
    return [
        client.get(f"{SENDS}/{send['id']}").json()["event_type"]
        for send in reversed(sends_of(client, **filters))
    ]


def test_a_task_that_fails_warns_and_tells_is_in_the_record_with_each(owner_client, run):
    """`event_type`: `task.condition_met`; and for what Torale itself has to say `task.failing` (it
    could not look for an hour
    and three visits), `task.recovered`, `task.warning` (one of its `warnings` has stood for three
    visits) and
    `webhook.switched_off`. …There is one for a task and
    spell, …Without the filter all are listed."""
    task = new_task(owner_client)
    for minutes in (0, 30, 60, 90):
        run(task, minutes, FAILURE)
    for minutes in (100, 101, 102, 103):
        run(task, minutes, answer("It looks dead."))
    run(task, 104, answer(notification="**In stock**"))

    told = ["task.failing", "task.recovered", "task.warning", "task.condition_met"]
    assert events(owner_client) == told
    for event in told:
        assert events(owner_client, event_type=event) == [event]


def test_a_webhook_that_was_switched_off_is_in_the_record_once(
    owner, owner_client, http_receiver, run
):
    """and
    `webhook.switched_off`. …and one for an endpoint and switching-off."""
    http_receiver.answers = [HTTPAnswer(410)]
    task = new_task(owner_client, **webhook(http_receiver.url))
    id_ = run(task, 0, answer(notification="**In stock**"))
    deliver()

    [send] = sends_of(owner_client, event_type="webhook.switched_off")
    assert (send["task_id"], send["execution_id"]) == (task["id"], id_)
    assert (send["notification_type"], send["recipient"]) == ("email", owner.email)


@pytest.mark.parametrize("is_verified", [True, False])
def test_it_goes_to_the_tasks_address_if_that_is_verified(owner, owner_client, run, is_verified):
    """These are by email, to the task's verified address, else the account's; sends like any other,
    with the task and execution they come from,"""
    if is_verified:
        make_address(owner, email="second@example.com")
    task = new_task(owner_client, **email("second@example.com"))
    ids = [run(task, minutes, FAILURE) for minutes in (0, 30, 60)]

    [send] = sends_of(owner_client)
    assert send["recipient"] == ("second@example.com" if is_verified else owner.email)
    assert (send["task_id"], send["execution_id"]) == (task["id"], ids[-1])


def test_it_does_not_count_against_the_limits(owner_client, settings, run):
    """but not counted against the limits on sends."""
    settings.TORALE_SENDS_PER_DAY = 1
    task = new_task(owner_client)
    for minutes in (0, 30, 60):
        run(task, minutes, FAILURE)

    run(task, 61, answer(notification="**In stock**"))

    assert {send["status"] for send in sends_of(owner_client)} == {"queued", "skipped"}
    [met] = sends_of(owner_client, event_type="task.condition_met")
    assert met["status"] == "queued"


def test_one_mail_an_hour_tells_all(owner_client, smtp_receiver, run):
    """An address gets one mail an hour about each event of tasks; the
    sends of those that it tells besides the first are `skipped` and name the send of that mail."""
    first, second = new_task(owner_client, name="A"), new_task(owner_client, name="B")
    for minutes in (0, 30, 60):
        for task in (first, second):
            run(task, minutes, FAILURE)
    deliver()

    assert [mail["Subject"] for mail in smtp_receiver.messages] == ["2 of your tasks keep failing"]
    [sent] = sends_of(owner_client, task_id=first["id"])
    [skipped] = sends_of(owner_client, task_id=second["id"])
    assert (sent["status"], skipped["status"]) == ("sent", "skipped")
    assert sent["id"] in skipped["error_message"]


@pytest.mark.parametrize("stopped", ["unsubscribed", "unwanted"])
def test_it_ends_with_the_accounts_setting_and_not_with_the_tasks_emails(
    owner, owner_client, run, stopped
):
    """Unsubscribing from a task
    does not stop them; `wants_notices` of the account does."""
    task = new_task(owner_client)
    if stopped == "unsubscribed":
        owner.tasks.get().mute()
    else:
        owner_client.patch("/auth/me", {"wants_notices": False}, format="json")

    for minutes in (0, 30, 60):
        run(task, minutes, FAILURE)

    [send] = sends_of(owner_client)
    assert send["status"] == ("queued" if stopped == "unsubscribed" else "skipped")


def test_a_verification_code_is_no_send(owner_client):
    """Verification codes are
    no sends."""
    body = {"email": "desk@example.com"}
    response = owner_client.post("/api/v1/email-verification/send", body, format="json")

    assert response.status_code == 200
    assert not NotificationSend.objects.exists()
