"""Have PostgreSQL end the transactions of a process that has stopped in the middle of one.

A machine that freezes or loses its network keeps its connections open, and with them what its
transactions have locked. Everybody else would have to wait for these rows.
"""

from typing import Final
from weakref import WeakSet

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from torale.database import set_unless_pooled

#: PostgreSQL ends a transaction whose client has been silent for so long. Ours take milliseconds
#: between two statements. A connection pooler has to see to this itself.
SESSION: Final = {"idle_in_transaction_session_timeout": "10s"}

_limited: WeakSet[psycopg.Connection] = WeakSet()


def end_transactions() -> None:
    """Let PostgreSQL end the transactions that this process abandons on Django's connections."""
    connection_created.connect(_limit)


def _limit(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    session = connection.connection
    if session in _limited:
        return  # it comes from the pool
    set_unless_pooled(connection, SESSION)
    _limited.add(session)
