import pytest
from django.db import transaction
from procrastinate import jobs as queue
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs
from accounts.notices import send_notice
from tests.support.factories import NOW

#: A port on which no mail server is.
NOBODY_LISTENS = 1


class Interrupted(Exception):
    """Something else goes wrong in the same transaction."""


def test_a_notice_becomes_a_job(owner):
    send_notice(user=owner, subject="A subject", text="A text.")

    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == (
        "send_notice",
        {"user_id": str(owner.pk), "subject": "A subject", "text": "A text."},
    )


def test_a_notice_goes_with_the_transaction_that_rolls_back(owner):
    with pytest.raises(Interrupted), transaction.atomic():  # noqa: PT012
        send_notice(user=owner, subject="A subject", text="A text.")
        raise Interrupted

    assert not ProcrastinateJob.objects.exists()


def test_the_job_mails_the_accounts_own_address(owner, smtp_receiver, settings):
    settings.TORALE_URL = "https://torale.example"
    settings.DEFAULT_FROM_EMAIL = "Torale <torale@torale.example>"
    send_notice(user=owner, subject="Your webhook\nis off", text="It failed.\n\nFor 5 days.")

    jobs.send_notice(**ProcrastinateJob.objects.get().args)

    [mail] = smtp_receiver.messages
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Torale <torale@torale.example>",
        "owner@example.com",
        "Your webhook is off",
    )
    assert mail.get_content().splitlines() == [
        "It failed.",
        "",
        "For 5 days.",
        "",
        "-- ",
        "Torale at https://torale.example",
    ]


def gone(user):
    user.delete()


def switched_off(user):
    user.is_active = False
    user.save()


@pytest.mark.parametrize("become", [gone, switched_off])
def test_nobody_is_told_who_is_not_there_any_more(owner, smtp_receiver, become):
    user_id = str(owner.pk)
    become(owner)

    jobs.send_notice(user_id=user_id, subject="A subject", text="A text.")

    assert smtp_receiver.messages == []


def test_a_mail_server_that_refuses_fails_the_job(owner, smtp_receiver):
    smtp_receiver.replies["owner@example.com"] = "451 Try again later"

    with pytest.raises(OSError, match="Try again later"):
        jobs.send_notice(user_id=str(owner.pk), subject="A subject", text="A text.")


def test_a_mail_server_that_is_down_fails_the_job(owner, smtp_receiver, settings):
    settings.EMAIL_PORT = NOBODY_LISTENS

    with pytest.raises(OSError, match="refused"):
        jobs.send_notice(user_id=str(owner.pk), subject="A subject", text="A text.")

    assert smtp_receiver.messages == []


def test_a_failed_notice_is_tried_again_for_about_a_day(time_machine):
    time_machine.move_to(NOW, tick=False)

    waits = [wait_after(attempts) for attempts in range(9)]

    # 4 s to the power of 1, 2, … 8: 24 hours and 16 minutes in all.
    assert waits == [4, 16, 64, 256, 1024, 4096, 16384, 65536, None]


def wait_after(attempts: int) -> float | None:
    """Return for how many seconds the queue waits after that many failures before the present."""
    job = queue.Job(
        id=1,
        queue="default",
        lock=None,
        queueing_lock=None,
        task_name="send_notice",
        attempts=attempts,
    )
    retry = jobs.send_notice.get_retry_exception(exception=OSError(), job=job)
    if retry is None:
        return None
    assert retry.retry_decision.retry_at
    return (retry.retry_decision.retry_at - NOW).total_seconds()
