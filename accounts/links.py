"""Mails with one link in them: invitations, sign-ups and password resets."""

from dataclasses import asdict, dataclass

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


@dataclass(frozen=True, kw_only=True)
class LinkMail:
    """A mail that asks its reader to open a link."""

    subject: str
    #: What opening the link does.
    text: str
    #: The link's address.
    url: str
    #: The text of the link.
    label: str
    #: Why the reader gets the mail, and what to do if they did not ask for it.
    reason: str

    def send_to(self, email: str) -> None:
        """Send the mail.

        Raises:
            OSError: the mail server cannot be reached or refuses the mail.
        """
        mail = EmailMultiAlternatives(
            self.subject,
            render_to_string("accounts/link.txt", asdict(self)),
            to=[email],
            headers={"Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("accounts/link.html", asdict(self)), "text/html")
        mail.send()
