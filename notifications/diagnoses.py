"""Checks of workers, of what they do, and of the mail server."""

import smtplib
from collections.abc import Iterator
from typing import Final, cast

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from notifications.attention import reasons
from notifications.metrics import delivery_status
from tasks.metrics import visit_status
from torale import clock
from torale.doctor import Check, Finding, Verdict
from torale.processes import alive
from torale.queue import queue_status

#: Seconds to wait for the mail server at each step.
PATIENCE_S: Final = 5
FILE_BACKEND: Final = "django.core.mail.backends.filebased.EmailBackend"

#: What may need the operator, and what is said if it does not.
WELL: Final = {
    "workers": "Live workers deliver, visit and run jobs.",
    "scheduler": "Due tasks are started.",
    "visits": "No visit waits for a worker for long.",
    "jobs": "No job waits for a worker for long.",
    "sends": "No notification waits for a worker for long.",
    "failed jobs": "No job has failed.",
    "emails": "No email is held up by the mail server.",
    "secrets of sends": "The secrets of all waiting notifications can be decrypted.",
    "secrets of tasks": "The request headers of all tasks can be decrypted.",
}


def look_at_work() -> Iterator[Finding]:
    """Look for everything that `status` tells of."""
    now = clock.now()
    queue, delivery = queue_status(now=now), delivery_status(now=now)
    needs = {
        need.about: need
        for need in reasons(
            processes=alive(now=now), visits=visit_status(now=now), queue=queue, delivery=delivery
        )
    }
    for about, well in WELL.items():
        if need := needs.get(about):
            yield Finding(about, Verdict.PROBLEM, need.what, need.remedy)
        else:
            yield Finding(about, Verdict.OK, well)
    if failing := delivery.failing_endpoints + delivery.switched_off_endpoints:
        text = f"{failing} webhooks fail or are switched off."
        remedy = "nothing, as their owners are told; `manage.py status` lists them."
        yield Finding("webhooks", Verdict.WARNING, text, remedy)
    else:
        yield Finding("webhooks", Verdict.OK, "No webhook fails.")


def look_at_mail() -> Iterator[Finding]:
    """Log in to the mail server, without sending anything."""
    name = "mail server"
    if settings.EMAIL_BACKEND == FILE_BACKEND:
        text = f"Emails are only written to {settings.EMAIL_FILE_PATH}."
        yield Finding(name, Verdict.WARNING, text, "set EMAIL_URL to your mail server.")
        return
    connection = get_connection()
    if not isinstance(connection, EmailBackend):
        text = f"Emails leave by {settings.EMAIL_BACKEND}, which was not tried."
        yield Finding(name, Verdict.OK, text)
        return
    connection.timeout = PATIENCE_S
    server = f"{connection.host}:{connection.port}"
    try:
        connection.open()
        smtp = cast(smtplib.SMTP, connection.connection)
        code, _ = smtp.noop()
        connection.close()
    except (smtplib.SMTPException, OSError) as error:
        text = f"The mail server {server} cannot be used: {error}"
        remedy = "see that EMAIL_URL is right and the mail server runs."
        yield Finding(name, Verdict.PROBLEM, text, remedy)
    else:
        text = f"The mail server {server} answers {code}."
        yield Finding(name, Verdict.OK, text)


CHECKS: Final = (
    Check("mail server", look_at_mail),
    Check("work", look_at_work, needs="migrations"),
)
