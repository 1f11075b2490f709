"""Mails with one link in them: invitations, sign-ups and password resets."""

from dataclasses import asdict, dataclass

from torale import mail


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
        message = mail.email(self.subject, "accounts/link", asdict(self))
        message.to = [email]
        message.send()
