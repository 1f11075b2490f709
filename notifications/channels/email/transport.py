"""Send batches of emails over one connection, with text and HTML from the same Markdown."""

import asyncio
import smtplib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import html_text
import lxml.html
import orjson
import structlog
from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from executions.rendering import cut, headline_of, html_of, one_line
from notifications.channels.email import unsubscribe
from notifications.channels.protocol import Message, Outcome, Report
from notifications.models import EventType
from notifications.operator_errors import (
    LOGIN_REFUSED,
    NOT_SMTP,
    PROVIDER_REFUSES,
    SILENT,
    UNREACHABLE,
)
from torale.clock import Reading
from torale.errors import OUR_FAULT
from torale.links import link_to
from torale.mail import email as new_email
from torale.mail import list_id

logger = structlog.get_logger(__name__)
#: The most characters of a task's name in a subject.
NAME_CHARACTERS = 60
#: Anymail's statuses of a message that the provider accepts.
PROVIDER_ACCEPTS = {"sent", "queued"}
#: Connections to the mail server at once.
MAIL_CONNECTIONS = 4
#: The lowest SMTP reply code that is final (RFC 5321 §4.2.1).
PERMANENT = 500
#: Errors of the connection or of our login: they are not the recipient's fault, and may pass.
PASSING = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)


class EmailTransport:
    """Attempts emails in threads, as Django's and Anymail's backends block."""

    #: Messages that share a connection.
    batch_size = 25

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._connections = asyncio.Semaphore(MAIL_CONNECTIONS)

    async def attempt(
        self, messages: Sequence[Message], *, clock: Reading, begin_before: float, report: Report
    ) -> None:
        """Attempt messages over one connection, when one of MAIL_CONNECTIONS is free."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def send() -> None:
            try:
                for message, outcome in send_batch(
                    messages, clock=clock, begin_before=begin_before, stopping=self._stopping
                ):
                    loop.call_soon_threadsafe(report, message, outcome)
            finally:
                loop.call_soon_threadsafe(ended.set)

        async with self._connections:
            # A daemon thread, so that a mail server that hangs does not keep the worker alive.
            threading.Thread(target=send, name="drain-mail", daemon=True).start()
            await ended.wait()


def send_batch(
    messages: Sequence[Message],
    *,
    clock: Reading,
    begin_before: float,
    stopping: threading.Event,
) -> Iterator[tuple[Message, Outcome]]:
    """Attempt messages over one connection; yield each with its outcome as it is known.

    Ends early, leaving the rest unattempted, when `stopping` is set or `begin_before` is over.
    """
    try:
        connection = get_connection()
    except Exception:  # a wrong setting must end as a record, not in an endless loop
        logger.exception("email_broke")
        for message in messages:
            yield message, Outcome(started_at=clock.now(), duration_ms=0, error=OUR_FAULT)
        return
    try:
        for message in messages:
            if stopping.is_set() or time.monotonic() > begin_before:
                return
            yield message, send(message, connection, started_at=clock.now())
    finally:
        _close(connection)


def send(message: Message, connection: BaseEmailBackend, *, started_at: datetime) -> Outcome:
    """Attempt one message and return its outcome.

    The first message opens the connection, and the next ones use it. If it breaks, it is closed,
    and the next message opens another one.
    """
    begun = time.monotonic()
    reply: tuple[int | None, str] = (None, "")
    error, is_permanent, provider_message_id = None, False, None
    try:
        connection.open()
        email = compose(message, connection=connection)
        connection.send_messages([email])
    except (smtplib.SMTPException, AnymailError, OSError) as failure:
        _close(connection)
        reply = _reply(failure)
        error, is_permanent = _said(failure, *reply), _is_permanent(failure, reply[0])
    except Exception:  # a bug must end as a record, not in an endless loop
        logger.exception("email_broke", send_id=message.send_id)
        error = OUR_FAULT
    else:
        if told := getattr(email, "anymail_status", None):
            provider_message_id = told.message_id
            if not told.status <= PROVIDER_ACCEPTS:
                error = "The mail provider does not say that it accepts the message."
    return Outcome(
        started_at=started_at,
        duration_ms=int((time.monotonic() - begun) * 1000),
        error=error,
        is_permanent=is_permanent,
        response_status=reply[0],
        response_body=reply[1] or None,
        provider_message_id=provider_message_id,
    )


def _close(connection: BaseEmailBackend) -> None:
    """Close the connection; an error does not change the outcomes."""
    try:
        connection.close()
    except (smtplib.SMTPException, AnymailError, OSError) as failure:
        logger.warning("mail_connection_not_closed", error=str(failure))


#: The subjects of emails with several notices.
SUBJECTS = {
    EventType.FAILING: "{count} of your tasks keep failing",
    EventType.RECOVERED: "{count} of your tasks work again",
    EventType.WARNING: "{count} of your tasks may no longer see what they should",
}


def compose(
    message: Message, *, connection: BaseEmailBackend | None = None
) -> EmailMultiAlternatives:
    """Return the email that `message` is; its Message-ID is the same for every attempt."""
    body = orjson.loads(message.body)
    email = (
        _of_notices(message, body["notices"])
        if "notices" in body
        else _of_condition(body, send_id=message.send_id)
    )
    email.to = [message.recipient]
    email.connection = connection
    email.extra_headers["Message-ID"] = (
        f"<{message.send_id}@{urlsplit(settings.TORALE_URL).hostname}>"
    )
    return email


def _of_notices(message: Message, notices: Sequence[Mapping[str, str]]) -> EmailMultiAlternatives:
    """Return an email about the watch itself. It has no link that unsubscribes from a task."""
    subject = notices[0]["subject"]
    if len(notices) > 1:
        subject = SUBJECTS[EventType(message.event_type)].format(count=len(notices))
    shown = [{**notice, **_links_of(notice)} for notice in notices]
    context = {"subject": subject, "notices": shown, "url": settings.TORALE_URL}
    context["settings_url"] = link_to("console:settings-emails")
    email = new_email(subject, "notifications/notices", context)
    email.extra_headers["List-Id"] = list_id("notices")
    return email


def _of_condition(body: Mapping[str, Any], *, send_id: Any) -> EmailMultiAlternatives:
    """Return an email that tells that a condition was met. Its subject says what was found."""
    html = html_of(body["notification"])
    subject = subject_of(body["notification"], task_name=body["task_name"])
    unsubscribe_url = unsubscribe.url_for(body["task_id"])
    context = {
        **body,
        **_links(task_id=body["task_id"], send_id=send_id),
        "subject": subject,
        "html": html,
        "text": text_of(html),
        "completed_at": datetime.fromisoformat(body["completed_at"]),
        "unsubscribe_url": unsubscribe_url,
    }
    email = new_email(subject, "notifications/condition_met", context)
    email.extra_headers["List-Id"] = list_id(f"{body['task_id']}.tasks")
    # RFC 8058: one click, without confirmation.
    email.extra_headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
    email.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return email


def subject_of(notification: str, *, task_name: str) -> str:
    """Return what was found and by which task, on one short line."""
    name = cut(one_line(task_name), NAME_CHARACTERS)
    found = headline_of(notification)
    if not found or found.casefold() == name.casefold():
        return name
    return f"{found}: {name}" if name else found


def _links_of(notice: Mapping[str, str]) -> dict[str, str]:
    """Return the addresses for a notice. One that is about no task has none."""
    if "task_id" not in notice:
        return {}
    return _links(task_id=notice["task_id"], send_id=notice["send_id"])


def _links(*, task_id: Any, send_id: Any) -> dict[str, str]:
    """Return the addresses of the pages that an email leads to. To open them changes nothing."""
    return {
        "task_url": link_to("console:task", task_id=task_id),
        "why_url": link_to("console:why", subject_id=send_id),
        "pause_url": link_to("console:pause", task_id=task_id),
    }


def text_of(html: str) -> str:
    """Return what `html` says as plain text, with each link's address behind its words."""
    fragment = lxml.html.fragment_fromstring(html, create_parent="div")
    for link in fragment.iter("a"):
        if (address := link.get("href")) and address != link.text_content():
            link.tail = f" ({address}){link.tail or ''}"
    for entry in fragment.iter("li"):
        entry.text = f"- {(entry.text or '').lstrip()}"
    return html_text.extract_text(fragment)


def _reply(failure: Exception) -> tuple[int | None, str]:
    """Return the SMTP reply's code and text, where there was one."""
    code: int
    text: bytes | str  # text where smtplib made the reply up itself
    match failure:
        case smtplib.SMTPRecipientsRefused():
            code, text = next(iter(failure.recipients.values()))
        case smtplib.SMTPResponseException():
            code, text = failure.smtp_code, failure.smtp_error
        case _:
            return None, ""
    # smtplib's own code for an answer that is not SMTP is -1.
    said = text if isinstance(text, str) else text.decode(errors="replace")
    return code if code > 0 else None, said


def _said(failure: Exception, code: int | None, text: str) -> str:
    match failure:
        case TimeoutError():
            return f"{SILENT}."
        case AnymailRecipientsRefused():
            return "The mail provider refuses this recipient."
        case AnymailError():
            return f"{PROVIDER_REFUSES}: {str(failure).splitlines()[0]}"
        case smtplib.SMTPResponseException() if code is None:
            return f"{NOT_SMTP}."
    if code is None:
        return f"{UNREACHABLE}: {failure}"
    is_login = isinstance(failure, smtplib.SMTPAuthenticationError)
    beginning = f"{LOGIN_REFUSED}:" if is_login else "The mail server answered"
    return f"{beginning} {code} {text}".rstrip()


def _is_permanent(failure: Exception, code: int | None) -> bool:
    if isinstance(failure, AnymailRecipientsRefused):
        return True
    return code is not None and code >= PERMANENT and not isinstance(failure, PASSING)
