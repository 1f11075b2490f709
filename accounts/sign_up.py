"""How accounts are created: a link is mailed to an address, and whoever opens it sets a password.

So each account's address is verified. An operator can invite anyone; where sign-up is open, people
can ask for the link themselves.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from procrastinate.contrib.django import app as jobs

from accounts.links import LinkMail
from accounts.models import User, normalized
from torale.errors import Conflict, Refused, TooOften
from torale.limits import Limit, digest, hit_each
from torale.links import link_to

#: Name of the job in accounts/jobs.py, which calls `deliver_link`.
JOB = "send_sign_up_link"
#: The route of the page that the link opens; its parameter is `token`.
ROUTE = "console:sign-up-confirm"

SALT = "accounts.sign_up"
LINK_VALID = timedelta(days=3)
#: Requests from one address, and links to one email.
REQUESTS = Limit("sign_ups_from", 10, timedelta(hours=1))
LINKS_TO = Limit("sign_up_links_to", 3, timedelta(hours=1))

CLOSED = "This installation accepts no sign-ups. Ask its operator for an invitation."
HAS_ACCOUNT = "There is an account with this email. Log in, or reset its password."
EXISTS = "A user with this email exists."


def is_open() -> bool:
    """Return whether people may create accounts without an invitation."""
    return bool(settings.TORALE_SIGN_UP == "open")


def invite(*, email: str) -> None:
    """Have an invitation mailed to `email`.

    Raises:
        Conflict: there is an account with this email.
    """
    if User.objects.matching(email).exists():
        raise Conflict(EXISTS)
    jobs.configure_task(JOB).defer(email=email, is_invitation=True)


def request_link(*, email: str, address: str) -> None:
    """Have a link mailed to `email` with which an account can be created.

    Only the mail says whether there is an account already, so only its reader learns that.

    Args:
        email: whom the account is for.
        address: the network address of the caller.

    Raises:
        Refused: sign-up is not open.
        TooOften: there were too many requests from this address, or for this email.
    """
    if not is_open():
        raise Refused(CLOSED)
    wait = hit_each((REQUESTS, address), (LINKS_TO, digest(normalized(email))))
    if wait is not None:
        raise TooOften("Too many requests to sign up. Try again later.", wait=wait)
    jobs.configure_task(JOB).defer(email=email, is_invitation=False)


def deliver_link(*, email: str, is_invitation: bool) -> None:
    """Mail the link, or if there is an account already, say so.

    Raises:
        OSError: the mail server cannot be reached or refuses the mail. The job is tried again.
    """
    if User.objects.matching(email).exists():
        mail = LinkMail(
            subject="You already have an account",
            text="Somebody asked to create a Torale account with this email, but there is one.",
            url=link_to("console:log-in"),
            label="Log in",
            reason="If that was not you, ignore this email. Nothing has changed.",
        )
    else:
        days = LINK_VALID // timedelta(days=1)
        why = (
            "You were invited" if is_invitation else "Somebody asked for an account with this email"
        )
        mail = LinkMail(
            subject="Create your Torale account",
            text=f"Choose a password to create your account. The link works for {days} days.",
            url=link_to(ROUTE, token=signing.dumps(email, salt=SALT)),
            label="Choose a password",
            reason=f"{why}. If you do not want an account, ignore this email: none is created.",
        )
    mail.send_to(email)


def email_of(token: str) -> str | None:
    """Return the email that a link is for; None if the link is damaged or too old."""
    try:
        email: str = signing.loads(token, salt=SALT, max_age=LINK_VALID)
    except signing.BadSignature:
        return None
    return email


def create_account(*, email: str, password: str) -> User:
    """Store and return a user whose email is verified, because a link was mailed to it.

    Raises:
        Conflict: there is an account with this email.
    """
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password)
    except IntegrityError as error:
        raise Conflict(HAS_ACCOUNT) from error
