"""The database connection that each thread of a web process keeps between requests.

Django would give it back to the pool after each request, and the next request would take one and
check it by a query. Instead, the first statement of a request is the check (torale.prepared).
"""

from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from torale import abandoned
from torale.database import set_unless_pooled


def keep_connections() -> None:
    """Have each thread of this process keep its connection; Django still checks and replaces it."""
    connection_created.connect(_keep)


def _keep(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    # The setting CONN_MAX_AGE cannot be used together with a pool. And with a pool Django does not
    # check connections: the pool does, but only when it hands them out.
    connection.close_at = None
    check = partial(BaseDatabaseWrapper.close_if_health_check_failed, connection)
    connection.close_if_health_check_failed = check  # type: ignore[method-assign]
    # PostgreSQL would plan some prepared statements anew each time, because their costs seem to
    # depend on the values. A connection pooler has to set this itself.
    wanted = {"plan_cache_mode": "force_generic_plan", **abandoned.SESSION}
    set_unless_pooled(connection, wanted)
