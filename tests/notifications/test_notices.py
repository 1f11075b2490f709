"""Notices of the watch itself in the record: how they are gathered, and what may bar them."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from notifications.models import EventType, NotificationSend
from notifications.notices import record_notice
from tasks.events import Notice
from tasks.models import Task
from tests.support.factories import NOW, make_queued_email, make_send, make_task
from tests.support.receivers import SMTPReceiver
from tests.support.run_delivery import deliver
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db(transaction=True)

SENDS = "/api/v1/notifications/sends"


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def note(time_machine):
    """Return a function that records a notice about a task at a time."""

    def noted(
        task: Task, minutes: float = 0, event: EventType = EventType.FAILING, **fields
    ) -> NotificationSend:
        time_machine.move_to(after(minutes), tick=False)
        return record_notice(
            event,
            Notice(subject=f"{task.name} {event.value}", text=f"About {task.name}."),
            **{
                "user": task.user,
                "recipient": task.user.email,
                "task_id": task.pk,
                "task_name": task.name,
                "execution_id": uuid7(),
                "now": after(minutes),
                **fields,
            },
        )

    return noted


@pytest.fixture
def deliver_after(time_machine):
    def delivered(minutes: float) -> None:
        time_machine.move_to(after(minutes), tick=False)
        deliver()

    return delivered


def state(send: NotificationSend) -> tuple[str, str | None]:
    send.refresh_from_db()
    return send.status, send.error_message


def subjects(smtp: SMTPReceiver) -> list[str]:
    return [mail["Subject"] for mail in smtp.messages]


def tasks(owner: User, *names: str) -> list[Task]:
    return [make_task(owner, name=name) for name in names]


def test_the_first_goes_out_at_once_and_the_next_of_the_hour_in_one_later_mail(
    owner, smtp_receiver, note, deliver_after
):
    first, second, third = tasks(owner, "A", "B", "C")
    sends = [note(first)]
    deliver_after(0)
    sends += [note(second, 10), note(third, 20)]
    deliver_after(59)
    assert subjects(smtp_receiver) == ["A task.failing"]

    deliver_after(61)

    assert subjects(smtp_receiver) == ["A task.failing", "2 of your tasks keep failing"]
    text = smtp_receiver.messages[1].get_body("plain").get_content()
    assert text.splitlines()[:11] == [
        "B task.failing",
        "",
        "About B.",
        "",
        f"The task: http://localhost:8000/tasks/{second.pk}",
        f"Why this mail? http://localhost:8000/why/{sends[1].pk}",
        f"Pause the task: http://localhost:8000/tasks/{second.pk}/pause",
        "",
        "C task.failing",
        "",
        "About C.",
    ]
    assert [state(send) for send in sends] == [
        ("sent", None),
        ("sent", None),
        (
            "skipped",
            f"The email of the send {sends[1].pk} tells it, together with others of this hour.",
        ),
    ]
    assert [send.next_attempt_at for send in sends] == [None, None, None]


def test_what_comes_before_the_first_mail_has_left_goes_along(
    owner, smtp_receiver, note, deliver_after
):
    for task in tasks(owner, "A", "B"):
        note(task)

    deliver_after(0)

    assert subjects(smtp_receiver) == ["2 of your tasks keep failing"]


def test_after_an_hour_a_notice_goes_out_at_once_again(owner, smtp_receiver, note, deliver_after):
    first, second = tasks(owner, "A", "B")
    note(first)
    deliver_after(0)

    send = note(second, 60)

    assert send.next_attempt_at == after(60)


def test_events_addresses_and_users_are_gathered_apart(
    owner, stranger, smtp_receiver, note, deliver_after
):
    first, second = tasks(owner, "A", "B")
    note(first)
    deliver_after(0)

    apart = [
        note(second, 1, EventType.WARNING),
        note(second, 1, recipient="other@example.com"),
        note(make_task(stranger), 1),
    ]

    assert [send.next_attempt_at for send in apart] == [after(1)] * 3


def test_a_task_that_works_again_before_the_mail_was_due_is_in_none(
    owner, smtp_receiver, note, deliver_after
):
    first, second = tasks(owner, "A", "B")
    note(first)
    deliver_after(0)
    failing = note(second, 10)
    recovered = note(second, 20, EventType.RECOVERED)

    deliver_after(120)

    assert subjects(smtp_receiver) == ["A task.failing"]
    assert state(failing) == ("skipped", "The task worked again before this email was due.")
    assert state(recovered) == (
        "skipped",
        "The email that the task fails had not been sent yet, so there is nothing to take back.",
    )


@pytest.mark.parametrize("carrier", [True, False], ids=["carrier", "carried"])
def test_a_task_that_works_again_leaves_the_mail_to_the_others(
    owner, smtp_receiver, note, deliver_after, carrier
):
    first, second, third, fourth = tasks(owner, "A", "B", "C", "D")
    note(first)
    deliver_after(0)
    waiting = [note(task, 10) for task in (second, third, fourth)]
    note(second if carrier else third, 20, EventType.RECOVERED)

    deliver_after(61)

    mail = smtp_receiver.messages[1]
    assert mail["Subject"] == "2 of your tasks keep failing"
    named = [task.name for task in (second, third, fourth) if f"About {task.name}." in str(mail)]
    assert named == (["C", "D"] if carrier else ["B", "D"])
    sent = waiting[1] if carrier else waiting[0]
    gone = waiting[0] if carrier else waiting[1]
    assert state(sent) == ("sent", None)
    assert state(gone) == ("skipped", "The task worked again before this email was due.")
    assert state(waiting[2])[1] == (
        f"The email of the send {sent.pk} tells it, together with others of this hour."
    )


def test_a_mail_that_is_being_attempted_carries_no_more(owner, smtp_receiver, note, deliver_after):
    first, second = tasks(owner, "A", "B")
    note(first)
    smtp_receiver.replies[owner.email] = "451 Try again later"
    deliver_after(0)

    send = note(second, 1)

    assert (send.status, send.next_attempt_at) == ("queued", after(61))


def test_a_notice_that_was_carried_can_be_delivered_by_itself(
    owner, owner_client, smtp_receiver, note, deliver_after
):
    first, second = tasks(owner, "A", "B")
    note(first)
    carried = note(second)
    deliver_after(0)

    response = owner_client.post(f"{SENDS}/{carried.pk}/redeliver")
    deliver_after(1)

    assert response.status_code == 202
    assert subjects(smtp_receiver)[1:] == ["B task.failing"]


def test_unsubscribing_from_a_task_does_not_stop_notices(owner, note):
    [task] = tasks(owner, "A")
    task.mute()

    assert note(task).status == "queued"


def test_the_accounts_setting_stops_them_and_the_record_says_so(owner, owner_client, note):
    response = owner_client.patch("/auth/me", {"wants_notices": False}, format="json")
    [task] = tasks(owner, "A")
    task.user.refresh_from_db()

    send = note(task)

    assert response.json()["wants_notices"] is False
    status, because = state(send)
    assert status == "skipped"
    assert because == (
        "The account wants no such emails. Switch them on by PATCH /auth/me "
        '{"wants_notices": true}.'
    )


def test_one_that_waits_does_not_go_out_once_the_account_wants_none(
    owner, smtp_receiver, note, deliver_after
):
    send = note(*tasks(owner, "A"))
    User.objects.filter(pk=owner.pk).update(wants_notices=False)

    deliver_after(0)

    assert state(send)[0] == "failed"
    assert smtp_receiver.messages == []


def test_nobody_is_told_whose_account_is_switched_off(owner, note):
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert state(note(*tasks(owner, "A"))) == ("skipped", "The account is switched off.")


def test_what_the_account_wants_does_not_touch_notifications(owner, smtp_receiver):
    User.objects.filter(pk=owner.pk).update(wants_notices=False)
    send = make_queued_email(owner)

    deliver()

    assert state(send) == ("sent", None)


def test_notices_neither_count_against_the_limits_nor_stop_at_them(owner, settings, note):
    settings.TORALE_EMAILS_PER_HOUR = settings.TORALE_SENDS_PER_DAY = 0
    [task] = tasks(owner, "A")

    assert note(task).status == "queued"


def test_the_list_filters_by_event_and_the_detail_shows_it(owner, owner_client, note):
    [task] = tasks(owner, "A")
    for event in (EventType.FAILING, EventType.WARNING, EventType.SWITCHED_OFF):
        note(task, 0, event)
    make_send(owner, task=task)

    for event in EventType:
        listed = owner_client.get(SENDS, {"event_type": event.value}).json()["sends"]
        details = [owner_client.get(f"{SENDS}/{send['id']}").json() for send in listed]
        assert [detail["event_type"] for detail in details] == (
            [] if event == EventType.RECOVERED else [event]
        )
    assert len(owner_client.get(SENDS, {"task_id": str(task.pk)}).json()["sends"]) == 4
