"""The warnings that stand on a task: since when, and over how many visits; pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict

#: Visits after which the owner is told of a warning.
TELL_AFTER = 3


class StandingWarning(TypedDict):
    """A warning as a task stores it: plain JSON."""

    text: str
    #: When it was first given, in ISO 8601.
    since: str
    #: How many visits in a row have given it.
    visits: int
    is_told: bool
    #: Whether it came with a failure. The others are what the last answer said.
    is_of_failure: bool


def after_answer(
    standing: Sequence[StandingWarning], texts: Iterable[str], *, now: datetime
) -> list[StandingWarning]:
    """Return the warnings that stand after an answer: exactly those that it gives."""
    return _given(standing, texts, is_of_failure=False, now=now)


def after_failure(
    standing: Sequence[StandingWarning], texts: Iterable[str], *, now: datetime
) -> list[StandingWarning]:
    """Return the warnings that stand after a failure: those it gives, and the last answer's."""
    answered = [each for each in standing if not each["is_of_failure"]]
    return answered + _given(standing, texts, is_of_failure=True, now=now)


def to_tell(standing: Iterable[StandingWarning]) -> list[StandingWarning]:
    """Return the warnings that the owner is to be told of now.

    Those of a failure are not among them, as the owner is told of the failure.
    """
    return [
        each
        for each in standing
        if each["visits"] >= TELL_AFTER and not each["is_told"] and not each["is_of_failure"]
    ]


def all_told(standing: Iterable[StandingWarning]) -> list[StandingWarning]:
    """Return the same warnings after the owner was told what `to_tell` returns."""
    return [
        {**each, "is_told": each["is_told"] or each["visits"] >= TELL_AFTER} for each in standing
    ]


def _given(
    standing: Sequence[StandingWarning],
    texts: Iterable[str],
    *,
    is_of_failure: bool,
    now: datetime,
) -> list[StandingWarning]:
    known = {each["text"]: each for each in standing if each["is_of_failure"] == is_of_failure}
    return [
        {
            "text": text,
            "since": known[text]["since"] if text in known else now.isoformat(),
            "visits": known[text]["visits"] + 1 if text in known else 1,
            "is_told": text in known and known[text]["is_told"],
            "is_of_failure": is_of_failure,
        }
        for text in dict.fromkeys(texts)
    ]
