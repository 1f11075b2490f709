"""The log-in of the admin and the browsable API, with limits on guessing passwords.

Attempts are counted by account and address together, and by address. With a count by account alone,
anybody could lock its owner out.
"""

import hashlib
import math
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from torale.limits import Limit, forget, hit
from torale.proxies import client_address

#: Of one account from one address; a success ends the count.
OF_ACCOUNT = Limit("log_ins", 5, timedelta(minutes=15))
#: From one address, whatever the account.
FROM_ADDRESS = Limit("log_ins_from", 30, timedelta(minutes=15))


class LogInForm(AuthenticationForm):
    """Takes email and password, and counts each attempt before the password is looked at.

    Guesses that are made at the same time count one by one, too.
    """

    #: How long to wait, for an attempt that was one too many.
    wait: timedelta | None = None

    def clean(self) -> dict[str, Any]:
        """Return the fields, with the user found.

        Raises:
            ValidationError: one attempt too many, or not the user's password.
        """
        fields: dict[str, Any] = self.cleaned_data
        email, address = fields.get("username"), client_address(self.request)
        if not email or not fields.get("password"):
            return fields  # no attempt: the fields have their errors already
        self.wait = count(email, address)
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


def count(email: str, address: str) -> timedelta | None:
    """Count an attempt to log in; return how long to wait if there were too many."""
    for limit, whom in ((FROM_ADDRESS, digest(address)), (OF_ACCOUNT, both(email, address))):
        verdict = hit(limit, whom)
        if not verdict.allowed:
            return verdict.wait
    return None


def both(email: str, address: str) -> str:
    """Return what an account from an address is counted under.

    In upper case, as the look-up of the account compares: it treats more letters as the same than
    lower case does.
    """
    return digest(f"{email.upper()} {address}")


def digest(text: str) -> str:
    """Return what stands for `text` in a key: some people type their password as the email."""
    return hashlib.sha256(text.encode()).hexdigest()
