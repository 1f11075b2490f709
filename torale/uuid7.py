"""Time-ordered ids. Drop this when every PostgreSQL we support has uuidv7()."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """Return a new version 7 UUID (RFC 9562 §5.7); those of one process sort by their creation.

    Migrations name this function, so that they do not depend on the library behind it.
    """
    return uuid_utils.compat.uuid7()
