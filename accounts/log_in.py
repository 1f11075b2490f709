"""The forms in which people log in, with limits on guessing passwords.

Attempts are counted per account and client address together, and per client address. If they were
counted per account alone, anybody could lock the account's owner out.
"""

import math
from datetime import timedelta
from typing import Any

from django.contrib.auth import forms as auth
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from rest_framework import status
from unfold import forms as unfold

from torale.limits import Limit, digest, forget, hit_each
from torale.proxies import client_address

#: Attempts for one account from one address. A successful login resets the count.
OF_ACCOUNT = Limit("log_ins", 5, timedelta(minutes=15))
#: Attempts from one address, for any account.
FROM_ADDRESS = Limit("log_ins_from", 30, timedelta(minutes=15))


class LogInForm(auth.AuthenticationForm):
    """The login form. It counts each attempt before it checks the password.

    Attempts made at the same time are therefore all counted, too.
    """

    request: HttpRequest
    #: How long the user must wait before the next attempt; None if the limit is not reached.
    wait: timedelta | None = None

    def clean(self) -> dict[str, Any]:
        """Return the cleaned fields, after finding the user they belong to.

        Raises:
            ValidationError: there were too many attempts, or email and password do not match.
        """
        fields: dict[str, Any] = self.cleaned_data
        email, address = fields.get("username"), client_address(self.request)
        if not email or not fields.get("password"):
            return fields  # not counted as an attempt: the fields already have errors
        self.wait = hit_each((FROM_ADDRESS, digest(address)), (OF_ACCOUNT, both(email, address)))
        if self.wait:
            minutes = math.ceil(self.wait / timedelta(minutes=1))
            raise ValidationError(
                f"Too many attempts to log in. Try again in {minutes} "
                f"minute{'' if minutes == 1 else 's'}.",
                code="throttled",
            )
        fields = super().clean()
        forget(OF_ACCOUNT, both(email, address))
        return fields

    def mark(self, response: HttpResponse) -> None:
        """Make the response that shows this form a 429 if there were too many attempts."""
        if self.wait:
            response.status_code = status.HTTP_429_TOO_MANY_REQUESTS
            response.headers["Retry-After"] = str(math.ceil(self.wait.total_seconds()))


class AdminLogInForm(LogInForm, unfold.AuthenticationForm):
    """The login form of the admin, for users who may enter it."""


def both(email: str, address: str) -> str:
    """Return the key under which attempts for an account from an address are counted.

    The email is in upper case because the database also compares upper case when it looks up the
    account. Upper case makes more letters equal than lower case does.
    """
    return digest(f"{email.upper()} {address}")
