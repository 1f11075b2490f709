"""Tell temporary trouble of the database from errors in the code, which are not temporary."""

from typing import Final

import psycopg

#: Seconds after which a caller may try again. A restart of PostgreSQL takes about that long.
RETRY_AFTER_S: Final = 5

DETAIL: Final = "The database is not available. Try again in a few seconds."

#: Classes of SQLSTATE (PostgreSQL documentation, appendix A) whose errors are trouble: connection,
#: transaction rolled back (deadlocks), resources (disk, memory, connections), object in use,
#: operator intervention (shutdown, time-outs), system (input and output).
_CLASSES: Final = ("08", "40", "53", "55", "57", "58")
#: Codes of other classes: read-only after a failover, and transactions that took too long.
_CODES: Final = ("25006", "25P03", "25P04")


def is_trouble(error: BaseException | None) -> bool:
    """Return whether `error`, or one that led to it, says that the database cannot serve now.

    Errors in a statement or its values, and violated constraints, do not count.
    """
    seen: set[int] = set()
    # An error can be its own cause: procrastinate raises the cause of Django's error again.
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, psycopg.Error) and _is_passing(error):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def in_words(error: BaseException) -> str:
    """Return the message of a command that ends because `error` keeps it from the database."""
    reason = reason_of(error)
    advice = "" if "DATABASE_URL" in reason else " Check DATABASE_URL and the server."
    return f"The database cannot be used: {reason}.{advice}"


def reason_of(error: BaseException) -> str:
    """Return what `error` says, as part of a sentence."""
    # After the first line come libpq's own hints and the host's other addresses.
    return str(error).strip().partition("\n")[0].rstrip(".")


def _is_passing(error: psycopg.Error) -> bool:
    if error.sqlstate is None:
        # An error without a code comes from the client: there was no connection, it was lost, or
        # none in the pool became free in time.
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith((*_CLASSES, *_CODES))
