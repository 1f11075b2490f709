"""A worker's own connections to Django's database, for code that runs on an event loop."""

import sys
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection

#: Parameters of Django that are only for its own cursors.
OF_DJANGO = ("context", "cursor_factory", "prepare_threshold")

#: The settings of the planner that workers switch off. They look for few rows, in the order of an
#: index. A plan that was made while a table was empty, or from old statistics, would read all of
#: it, or all that is due.
WAYS_OF_READING_ALL = ("enable_seqscan", "enable_bitmapscan", "enable_sort")


async def connect() -> psycopg.AsyncConnection[Any]:
    """Open a connection outside of Django's pool; each statement commits by itself.

    The embedded server is started if necessary.

    Raises:
        psycopg.Error, django.db.Error: the database cannot be reached.
    """
    parameters = await sync_to_async(_parameters)()
    return await psycopg.AsyncConnection.connect(
        **parameters,
        autocommit=True,
        prepare_threshold=sys.maxsize,  # only what asks for it
    )


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    options = " ".join(
        [parameters.get("options", ""), *(f"-c {way}=off" for way in WAYS_OF_READING_ALL)]
    )
    return {name: value for name, value in parameters.items() if name not in OF_DJANGO} | {
        "options": options
    }


def wake(channel: str) -> None:
    """Tell who listens to `channel` that work is due (NOTIFY), when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {channel}")
