"""Emails about the account itself, sent without a condition having been met."""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from procrastinate.contrib.django import app as jobs

from accounts.models import User

#: Name of the job in accounts/jobs.py, which calls `deliver`.
JOB = "send_notice"


def send_notice(*, user: User, subject: str, text: str) -> None:
    """Have `text` mailed to the account's own address once the current transaction commits.

    Args:
        user: the recipient.
        subject: one line.
        text: plain paragraphs, without greeting or signature.
    """
    jobs.configure_task(JOB).defer(user_id=str(user.pk), subject=subject, text=text)


def deliver(*, user_id: Any, subject: str, text: str) -> None:
    """Mail a notice. Does nothing if the user has been deleted or is not active.

    Raises:
        OSError: the mail server cannot be reached or refuses the mail. The job is tried again.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    signature = f"-- \nTorale at {settings.TORALE_URL}\n"
    send_mail(" ".join(subject.split()), f"{text}\n\n{signature}", None, [user.email])
