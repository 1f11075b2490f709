"""Reset a forgotten password: a link is mailed to the account's address.

It is also how people whose account was made without a password get their first one.
"""

from datetime import timedelta

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from procrastinate.contrib.django import app as jobs

from accounts.links import LinkMail
from accounts.models import User, normalized
from torale.errors import TooOften
from torale.limits import Limit, digest, hit_each
from torale.links import link_to

#: Name of the job in accounts/jobs.py, which calls `deliver_link`.
JOB = "send_password_reset_link"
#: The route of the page that the link opens; its parameters are `uidb64` and `token`.
ROUTE = "console:password-reset-confirm"

#: Requests from one address, and links to one email.
REQUESTS = Limit("password_resets_from", 10, timedelta(hours=1))
LINKS_TO = Limit("password_reset_links_to", 3, timedelta(hours=1))


def request_link(*, email: str, address: str) -> None:
    """Have a link mailed to `email` if there is an active account; tell nobody whether there is.

    Args:
        email: the account's email.
        address: the network address of the caller.

    Raises:
        TooOften: there were too many requests from this address, or for this email.
    """
    wait = hit_each((REQUESTS, address), (LINKS_TO, digest(normalized(email))))
    if wait is not None:
        raise TooOften("Too many requests for a link. Try again later.", wait=wait)
    # The job finds out whether there is an account, so that no answer is quicker than another.
    jobs.configure_task(JOB).defer(email=email)


def deliver_link(*, email: str) -> None:
    """Mail the link, if there is an active account.

    Raises:
        OSError: the mail server cannot be reached or refuses the mail. The job is tried again.
    """
    user = User.objects.matching(email).filter(is_active=True).first()
    if user is None:
        return
    LinkMail(
        subject="Reset your Torale password",
        text="Choose a new password for your account.",
        url=link_to(
            ROUTE,
            uidb64=urlsafe_base64_encode(force_bytes(user.pk)),
            token=default_token_generator.make_token(user),
        ),
        label="Choose a new password",
        reason="If you did not ask for this, ignore this email: your password stays as it is.",
    ).send_to(user.email)
