"""Check what can be wrong with an installation, and say how to mend it: what checks have in common.

The checks themselves are in torale/diagnoses.py and in `diagnoses.py` of the apps.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.db import DatabaseError
from psycopg import Error


class Verdict(StrEnum):
    """What a check says."""

    #: All is well.
    OK = "ok"
    #: It works, but not as it should in production, or perhaps not for everybody.
    WARNING = "warning"
    #: It does not work.
    PROBLEM = "problem"
    #: It could not be checked, because of a problem that an earlier check has found.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found."""

    #: What was checked, in a word or two.
    name: str
    verdict: Verdict
    #: What was seen, as a sentence.
    text: str
    #: How to mend it, as a sentence; empty if there is nothing to mend.
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check."""

    name: str
    #: Looks, and yields what it has found.
    look: Callable[[], Iterable[Finding]]
    #: The name of a check without whose success this one cannot be made.
    needs: str = ""


def examine(checks: Iterable[Check]) -> Iterator[Finding]:
    """Make the checks in turn, and yield what they find.

    An error of the database is a problem that is found.
    """
    failed: set[str] = set()
    for check in checks:
        if check.needs in failed:
            failed.add(check.name)
            yield Finding(check.name, Verdict.SKIPPED, f"Not checked; see {check.needs}.")
            continue
        try:
            found = [*check.look()]
        except (DatabaseError, Error) as error:
            reason = str(error).strip().partition("\n")[0]
            remedy = "see that the database works, and read its log."
            found = [Finding(check.name, Verdict.PROBLEM, f"The database said: {reason}", remedy)]
        if any(each.verdict is Verdict.PROBLEM for each in found):
            failed.add(check.name)
        yield from found
