"""Regular expressions with RE2, whose time is linear in the text's length; pure."""

from typing import Any

import re2


def compiled(pattern: str, *, ignore_case: bool = False) -> Any:
    """Compile an RE2 expression; RE2 does not print its errors.

    Raises:
        re2.error: the expression is malformed or too large.
    """
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    return re2.compile(pattern, options)


def complaint(error: re2.error) -> str:
    """Return the reason why an expression does not compile, in words."""
    reason = error.args[0] if error.args else error
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
