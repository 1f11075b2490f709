"""A process that stops in the middle of a transaction does not keep what it has locked."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import InternalError, connection, transaction
from django.db.backends.signals import connection_created
from psycopg.errors import LockNotAvailable

from accounts.models import User
from torale import abandoned
from torale.trouble import is_trouble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limited(monkeypatch):
    """Let the transactions of this process end soon if it does nothing."""
    monkeypatch.setattr(abandoned, "SESSION", {"idle_in_transaction_session_timeout": "200ms"})
    database: Any = connection
    database.close()
    database.close_pool()
    abandoned.end_transactions()
    yield
    connection_created.disconnect(abandoned._limit)
    database.close()
    database.close_pool()


def test_what_a_frozen_process_has_locked_is_free_soon(limited, owner):
    with closing(psycopg.connect(**connection.get_connection_params())) as other:

        def freeze():
            with transaction.atomic():
                User.objects.select_for_update().get(pk=owner.pk)
                with pytest.raises(LockNotAvailable):
                    other.execute("SELECT FROM accounts_user FOR UPDATE NOWAIT")
                other.rollback()
                other.execute("SET lock_timeout = '10s'")
                assert other.execute("SELECT FROM accounts_user FOR UPDATE").rowcount == 1
                # It is as if this process had been stopped until now.
                User.objects.get(pk=owner.pk)

        with pytest.raises(InternalError, match="idle-in-transaction") as raised:
            freeze()

    assert is_trouble(raised.value)
    assert User.objects.get(pk=owner.pk) == owner


def test_a_connection_from_the_pool_is_limited_once(limited, owner, django_assert_num_queries):
    connection.close()

    with django_assert_num_queries(1):
        User.objects.get(pk=owner.pk)
