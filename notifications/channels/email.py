"""Email: a batch over one connection, text and HTML from the same markdown."""

import smtplib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import html_text
import lxml.html
import nh3
import orjson
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone
from markdown_it import MarkdownIt

from notifications.channels import Message, Outcome

markdown = MarkdownIt("commonmark", {"html": False})

#: SMTP replies from here on are final (RFC 5321 §4.2.1).
PERMANENT = 500


def send_batch(messages: Sequence[Message]) -> Iterator[tuple[Message, Outcome]]:
    """Attempt each message over one connection; yield each with its outcome as it is known."""
    connection = get_connection()
    try:
        for message in messages:
            started_at, begun = timezone.now(), time.monotonic()
            try:
                # The connection is opened by the first message and kept: a failure to open it is
                # that message's outcome, and the next one tries again.
                connection.open()
                connection.send_messages([compose(message, connection=connection)])
            except (smtplib.SMTPException, OSError) as error:
                connection.close()
                yield message, _failure(error, started_at, begun)
            else:
                yield message, Outcome(started_at=started_at, duration_ms=_since(begun))
    finally:
        connection.close()


def compose(message: Message, *, connection: object = None) -> EmailMultiAlternatives:
    """Return the email that `message` is; its Message-ID is the same for every attempt."""
    body = orjson.loads(message.body)
    html = nh3.clean(markdown.render(body["notification"]))
    context = {
        **body,
        "html": html,
        "text": text_of(html),
        "completed_at": datetime.fromisoformat(body["completed_at"]),
    }
    email = EmailMultiAlternatives(
        # A header has one line: a task's name may hold more.
        subject=" ".join(body["task_name"].split()),
        body=render_to_string("notifications/condition_met.txt", context),
        to=[message.recipient],
        headers={"Message-ID": f"<{message.send_id}@{urlsplit(settings.TORALE_URL).hostname}>"},
        connection=connection,
    )
    email.attach_alternative(
        render_to_string("notifications/condition_met.html", context), "text/html"
    )
    return email


def text_of(html: str) -> str:
    """Return what `html` says as plain text, with each link's address behind its words."""
    fragment = lxml.html.fragment_fromstring(html, create_parent="div")
    for link in fragment.iter("a"):
        if (address := link.get("href")) and address != link.text_content():
            link.tail = f" ({address}){link.tail or ''}"
    return html_text.extract_text(fragment)


def _failure(error: smtplib.SMTPException | OSError, started_at: datetime, begun: float) -> Outcome:
    code, text = _reply(error)
    if code is None:
        said = (
            "The mail server gave no answer in time."
            if isinstance(error, TimeoutError)
            else f"The mail server could not be used: {error}"
        )
    else:
        said = f"The mail server answered {code} {text}".rstrip()
    return Outcome(
        started_at=started_at,
        duration_ms=_since(begun),
        error=said,
        is_permanent=code is not None and code >= PERMANENT,
        response_status=code,
        response_body=text or None,
    )


def _reply(error: Exception) -> tuple[int | None, str]:
    """Return the SMTP reply's code and text, where there was one."""
    code: int
    text: bytes | str  # text where smtplib made the reply up itself
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, text = next(iter(error.recipients.values()))
        case smtplib.SMTPResponseException():
            code, text = error.smtp_code, error.smtp_error
        case _:
            return None, ""
    return code, text if isinstance(text, str) else text.decode(errors="replace")


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
