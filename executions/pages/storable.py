"""Text that the database can store; pure."""

import re

#: Characters that PostgreSQL's jsonb cannot store.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Return `text` with the characters replaced that PostgreSQL cannot store."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
