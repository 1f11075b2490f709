"""A username taken at the same moment, on several connections."""

import pytest

from accounts.models import User
from accounts.usernames import UsernameAlreadySet, UsernameTaken, set_username
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def wish(user: User, username: str) -> str:
    """Set a username and return the outcome."""
    try:
        set_username(user=user, username=username)
    except (UsernameTaken, UsernameAlreadySet) as error:
        return type(error).__name__
    return "set"


def test_of_two_users_who_want_a_username_one_gets_it(owner, stranger):
    ends = at_once(lambda: wish(owner, "olive"), lambda: wish(stranger, "olive"))

    assert sorted(ends) == ["UsernameTaken", "set"]
    assert User.objects.filter(username="olive").count() == 1


def test_of_two_usernames_for_one_user_one_is_set(owner):
    ends = at_once(lambda: wish(owner, "olive"), lambda: wish(owner, "liv"))

    assert sorted(ends) == ["UsernameAlreadySet", "set"]
