"""A username taken at the same moment, on several connections."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.models import User
from accounts.usernames import UsernameAlreadySet, UsernameTaken, set_username
from tests.receivers import DEADLINE_S

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(wishes: list[tuple[User, str]]) -> list[str]:
    """Fulfil each wish on a connection of its own; return how each ended, sorted."""
    barrier = threading.Barrier(len(wishes), timeout=DEADLINE_S)

    def wish(user: User, username: str) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            set_username(user=user, username=username)
        except (UsernameTaken, UsernameAlreadySet) as error:
            return type(error).__name__
        else:
            return "set"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(wishes)) as workers:
        return sorted(workers.map(wish, *zip(*wishes, strict=True)))


def test_of_two_users_who_want_a_username_one_gets_it(owner, stranger):
    ends = at_once([(owner, "olive"), (stranger, "olive")])

    assert ends == ["UsernameTaken", "set"]
    assert User.objects.filter(username="olive").count() == 1


def test_of_two_usernames_for_one_user_one_is_set(owner):
    ends = at_once([(owner, "olive"), (owner, "liv")])

    assert ends == ["UsernameAlreadySet", "set"]
