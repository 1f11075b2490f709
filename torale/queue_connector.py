"""How a worker's queue reaches the database: it listens by the direct address."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg
from procrastinate import PsycopgConnector
from psycopg.sql import SQL, Identifier

from torale.database import connect


class QueueConnector(PsycopgConnector):
    """procrastinate's connector, except that it listens on a connection of `torale.database`."""

    async def can_listen(self) -> bool:
        """Return whether notifications reach this process: no pooler is in between.

        Raises:
            psycopg.Error, django.db.Error: the database cannot be reached.
        """
        async with await connect() as database:
            return not database.is_pooled

    async def listen_notify(self, on_notification: Any, channels: Iterable[str]) -> None:
        """Call `on_notification` for each notification, for ever.

        Raises:
            psycopg.Error, django.db.Error: the database cannot be reached.
        """
        while True:
            async with await connect() as listening:
                for channel in channels:
                    await listening.execute(SQL("LISTEN {}").format(Identifier(channel)))
                with suppress(psycopg.OperationalError):  # lost: connect again
                    async for told in listening.notifies():
                        await on_notification(channel=told.channel, payload=told.payload)
