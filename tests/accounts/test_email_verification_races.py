"""Codes asked for and given at the same moment, on several connections."""

from collections.abc import Callable

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import EmailAddress, User
from accounts.verification import TooManyCodes, check_code, send_code
from tests.support.factories import NOW, make_unverified_address
from tests.support.races import at_once
from torale.errors import Refused

pytestmark = pytest.mark.django_db(transaction=True)


def outcomes(times: int, call: Callable[[], object]) -> list[str]:
    """Call `call` on that many connections at the same moment; return what each said, sorted."""

    def said() -> str:
        try:
            return "done" if call() else "was done"
        except (Refused, TooManyCodes) as error:
            return str(error)

    return sorted(at_once(*[said] * times))


def test_simultaneous_wrong_codes_cost_a_try_each(owner):
    address = make_unverified_address(owner)

    said = outcomes(7, lambda: check_code(user=owner, email=address.email, code="000000", now=NOW))

    assert said == [
        "Too many wrong codes were given. Ask for a new code.",
        "Too many wrong codes were given. Ask for a new code.",
        "Wrong code. Tries left: 0.",
        "Wrong code. Tries left: 1.",
        "Wrong code. Tries left: 2.",
        "Wrong code. Tries left: 3.",
        "Wrong code. Tries left: 4.",
    ]
    address.refresh_from_db()
    assert address.tries == 5


def test_simultaneous_right_codes_verify_once(owner):
    address = make_unverified_address(owner)

    said = outcomes(3, lambda: check_code(user=owner, email=address.email, code="123456", now=NOW))

    assert said == ["done", "was done", "was done"]


def test_simultaneous_requests_for_a_code_make_one_address_and_keep_to_the_limit(owner):
    said = outcomes(5, lambda: send_code(user=owner, email="second@example.com", now=NOW))

    assert said == [
        *["At most 3 verification codes an hour are sent for an account, and 5 to an address."] * 2,
        "done",
        "done",
        "done",
    ]
    assert EmailAddress.objects.count() == 1
    assert ProcrastinateJob.objects.count() == 3


def test_simultaneous_requests_of_many_accounts_keep_to_the_limit_of_the_address(db):
    users = [User.objects.create_user(f"{number}@example.org") for number in range(8)]
    waiting = iter(users)

    said = outcomes(8, lambda: send_code(user=next(waiting), email="second@example.com", now=NOW))

    assert said.count("done") == 5
    assert ProcrastinateJob.objects.count() == 5


def test_a_code_is_not_checked_in_a_transaction_that_could_undo_the_try(owner):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        check_code(user=owner, email="second@example.com", code="123456", now=NOW)
