"""What all our emails have in common."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def email(subject: str, template: str, context: Mapping[str, Any]) -> EmailMultiAlternatives:
    """Return an email with text and HTML, which says that a program sent it (RFC 3834 §5).

    Args:
        subject: a header has one line, but this may have more, as a task's name may.
        template: the path of both templates, without their endings. That of the HTML extends
            torale/mail.html, which has a dark mode.
        context: what they show.
    """
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string(f"{template}.txt", context),
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return message


def list_id(name: str) -> str:
    """Return the List-Id of the emails that belong together under `name` (RFC 2919 §3)."""
    # An IPv6 address has colons, which a List-Id may not have.
    host = (urlsplit(settings.TORALE_URL).hostname or "localhost").replace(":", "-")
    return f"<{name}.{host}>"
