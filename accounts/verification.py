"""Verify that an address belongs to a user: a code is mailed to it, and the user enters it."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import constant_time_compare
from procrastinate.contrib.django import app as jobs

from accounts.models import MAX_TRIES, EmailAddress, User, normalized
from torale.errors import Refused, TooOften
from torale.fields import Undecryptable, kept
from torale.limits import Limit, hit
from torale.mail import email as new_email

#: Name of the job in accounts/jobs.py, which calls `deliver_code`.
JOB = "send_verification_code"

CODE_LENGTH = 6
CODE_VALID = timedelta(minutes=15)
#: Codes for one account. Together with MAX_TRIES this allows 15 guesses an hour among a million
#: codes, so guessing is hopeless.
CODES = Limit("verification_codes", 3, timedelta(hours=1))
#: Codes to one address from all accounts together, so that many accounts cannot flood it.
CODES_TO_ADDRESS = Limit("verification_codes_to", 5, timedelta(hours=1))


class TooManyCodes(TooOften):
    """The limit of codes per hour is reached.

    The message does not say which limit it is, because the limit of the address would show what
    other accounts did.
    """

    detail = (
        f"At most {CODES.most} verification codes an hour are sent for an account, and "
        f"{CODES_TO_ADDRESS.most} to an address."
    )


def send_code(*, user: User, email: str, now: datetime) -> EmailAddress | None:
    """Have a code mailed to `email` once the current transaction commits; return the address.

    The new code replaces an earlier one for that address and resets the count of wrong codes. If
    the address is already verified, nothing is sent and None is returned.

    Raises:
        TooManyCodes: too many codes were requested in this hour; nothing is sent. The request still
            counts for the account, so that nobody can keep watching the limit of an address.
    """
    with transaction.atomic():
        _lock(user)
        if is_verified(user=user, email=email):
            return None
        verdicts = [hit(CODES, str(user.pk))]
        if verdicts[0].allowed:
            verdicts.append(hit(CODES_TO_ADDRESS, normalized(email)))
        if verdicts[-1].allowed:
            return _replace_code(user, email, now)
    raise TooManyCodes(wait=verdicts[-1].wait)


def _replace_code(user: User, email: str, now: datetime) -> EmailAddress:
    address, _ = EmailAddress.objects.update_or_create(
        user=user,
        email=normalized(email),
        defaults={
            "code": f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}",
            "code_expires_at": now + CODE_VALID,
            "tries": 0,
        },
    )
    # The code is not passed as an argument, because the queue stores arguments in plain text.
    jobs.configure_task(JOB).defer(address_id=str(address.pk))
    return address


def deliver_code(*, address_id: Any, now: datetime) -> None:
    """Mail an address its current code.

    Does nothing if the code is no longer valid, or if the user is not active.

    Raises:
        OSError: the mail server cannot be reached or refuses the mail. The job is tried again.
    """
    address = (
        EmailAddress.objects.expecting_code(now)
        .filter(pk=address_id, user__is_active=True)
        .select_related("user")
        .first()
    )
    if address is None:
        return
    context = {
        "account": address.user.email,
        "code": address.code,
        "expires_at": address.code_expires_at,
    }
    mail = new_email("Your verification code", "accounts/verification_code", context)
    mail.to = [address.email]
    mail.send()


def check_code(*, user: User, email: str, code: str, now: datetime) -> bool:
    """Mark `email` as a verified address of `user` if `code` is the one that was mailed to it.

    A wrong code uses up one try. That is committed before the error is raised, so this function
    cannot be part of a larger transaction.

    Returns:
        True if the address is verified now; False if it already was, whatever `code` is.

    Raises:
        Refused: the code is wrong, expired or void, or none was sent. The message says which.
    """
    with transaction.atomic(durable=True):
        _lock(user)
        if is_verified(user=user, email=email):
            return False
        refusal = _try(user, email, code, now)
    if refusal:
        raise Refused(refusal)
    return True


def _try(user: User, email: str, code: str, now: datetime) -> str | None:
    """Check `code` and store the result. Return why it was refused; None if it was accepted."""
    address = EmailAddress.objects.for_user(user).matching(email).first()
    if address is None:
        return f"No code was sent to {email}. Ask for one first."
    if address.tries >= MAX_TRIES:
        return "Too many wrong codes were given. Ask for a new code."
    wanted = kept(address, "code")
    is_over = address.code_expires_at is None or address.code_expires_at <= now
    if is_over or isinstance(wanted, Undecryptable):
        return "The code has expired. Ask for a new one."
    if not constant_time_compare(code, wanted):
        address.tries += 1
        address.save(update_fields=["tries"])
        return f"Wrong code. Tries left: {MAX_TRIES - address.tries}."
    address.verified_at, address.code, address.code_expires_at, address.tries = now, None, None, 0
    address.save(update_fields=["verified_at", "code", "code_expires_at", "tries"])
    return None


def forget(*, user: User, email: str) -> None:
    """Remove a verified address. From then on nothing is sent to it.

    Raises:
        Refused: it is the account's own address.
        EmailAddress.DoesNotExist: it is not a verified address of `user`.
    """
    if _is_own(user, email):
        raise Refused("This is the account's own address, which cannot be removed.")
    EmailAddress.objects.for_user(user).verified().matching(email).get().delete()


def is_verified(*, user: User, email: str) -> bool:
    """Return whether `email` is verified for the user; the account's own address always is."""
    return (
        _is_own(user, email)
        or EmailAddress.objects.for_user(user).verified().matching(email).exists()
    )


def verified_emails(*, user: User) -> list[str]:
    """Return the account's own address, then the verified ones in alphabetical order."""
    emails = EmailAddress.objects.for_user(user).verified().values_list("email", flat=True)
    return [user.email, *sorted(email for email in emails if not _is_own(user, email))]


def _is_own(user: User, email: str) -> bool:
    return normalized(email) == normalized(user.email)


def _lock(user: User) -> None:
    """Lock the user's row until the transaction ends, so that address changes run one by one."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
