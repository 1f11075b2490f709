"""Prove that an address is the user's: a code is mailed there and comes back from the user."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare
from procrastinate.contrib.django import app as jobs

from accounts.models import MAX_TRIES, EmailAddress, User, normalized
from torale.errors import Refused, TooOften
from torale.fields import Undecryptable, kept
from torale.limits import Limit, hit

#: Name of the job in accounts/jobs.py, which calls `deliver_code`.
JOB = "send_verification_code"

CODE_LENGTH = 6
CODE_VALID = timedelta(minutes=15)
#: To one account. With MAX_TRIES, what makes guessing hopeless: 15 guesses an hour at a million
#: codes.
CODES = Limit("verification_codes", 3, timedelta(hours=1))
#: To one address from all accounts together, so that nobody is flooded by many of them.
CODES_TO_ADDRESS = Limit("verification_codes_to", 5, timedelta(hours=1))


class TooManyCodes(TooOften):
    """An hour allows no more codes.

    The message does not say which limit is used up, as the address's shows what others did.
    """

    detail = (
        f"At most {CODES.most} verification codes an hour are sent for an account, and "
        f"{CODES_TO_ADDRESS.most} to an address."
    )


def send_code(*, user: User, email: str, now: datetime) -> EmailAddress | None:
    """Have a code mailed to `email` when the present transaction commits; return the address.

    It replaces an earlier code to that address, with new tries. If the address is verified
    already, nothing is sent and None is returned.

    Raises:
        TooManyCodes: too many were asked for in this hour; nothing is sent. Asking counts for the
            account all the same, so that nobody can watch an address's limit.
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
    # The code stays out of the job's arguments: the queue keeps those in plain text.
    jobs.configure_task(JOB).defer(address_id=str(address.pk))
    return address


def deliver_code(*, address_id: Any, now: datetime) -> None:
    """Mail an address its present code; does nothing if that is of no use any more.

    Raises:
        OSError: the mail server cannot be reached or refuses; the job is tried again.
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
    mail = EmailMultiAlternatives(
        "Your verification code",
        render_to_string("accounts/verification_code.txt", context),
        to=[address.email],
    )
    mail.attach_alternative(
        render_to_string("accounts/verification_code.html", context), "text/html"
    )
    mail.send()


def check_code(*, user: User, email: str, code: str, now: datetime) -> bool:
    """Make `email` a verified address of `user`, if `code` is the one that was mailed there.

    Returns False, whatever the code is, if the address is verified already.

    A wrong code costs a try. The try is committed before the refusal is raised, so this cannot be
    part of a larger transaction.

    Raises:
        Refused: the code is wrong, expired or void, or there is none; the message says which.
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
    """Store what giving `code` changes; return why it does not verify the address, if so."""
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
    """Remove a verified address; from then on nothing is sent there.

    Raises:
        Refused: it is the account's own address.
        EmailAddress.DoesNotExist: it is no verified address of `user`.
    """
    if _is_own(user, email):
        raise Refused("This is the account's own address, which cannot be removed.")
    EmailAddress.objects.for_user(user).verified().matching(email).get().delete()


def is_verified(*, user: User, email: str) -> bool:
    """Return whether `email` is proven to be the user's; the account's own address always is."""
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
    """Let the changes to one user's addresses queue, until the present transaction ends."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
