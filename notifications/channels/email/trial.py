"""Try the mail server with one email."""

from datetime import datetime
from uuid import uuid4

import orjson
from django.conf import settings
from django.core.mail import get_connection

from notifications.channels.email.transport import send
from notifications.channels.protocol import Message, Outcome
from notifications.models import EventType, NotificationType


def attempt_trial(*, to: str, now: datetime) -> Outcome:
    """Send one test email and return how it ended; nothing is recorded.

    Args:
        to: the email address.
        now: the time of the attempt.
    """
    notice = {
        "subject": "A test email from Torale",
        "text": f"The mail server of Torale at {settings.TORALE_URL} works. Nothing has happened.",
    }
    message_id = str(uuid4())
    message = Message(
        send_id=message_id,
        claim=message_id,
        notification_type=NotificationType.EMAIL,
        recipient=to,
        host="",
        body=orjson.dumps({"notices": [notice]}).decode(),
        event_type=EventType.WARNING,
        attempt=1,
    )
    connection = get_connection()
    try:
        return send(message, connection, started_at=now)
    finally:
        connection.close()
