"""Whether a rule holds at a visit, as far as this is known, and how rules combine; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: The beginning of evidence that was told at an earlier visit and has been true since.
STILL = "Still true: "
#: How many sentences the evidence for joined rules has.
SENTENCES = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing."""

    #: What it says, in the page's spelling.
    text: str
    #: Where it links to; empty if nowhere.
    url: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines or items of a page, to be shown below each other."""

    #: What they are: `Gone` or `New`.
    title: str
    #: The first of them.
    entries: tuple[Entry, ...]
    #: How many more there are.
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one visit says of a rule.

    Where something is unknown, neither the rule nor its negation holds. A number that is not on the
    page at all does not meet a comparison, but neither does it fail one.
    """

    #: Whether the rule holds; None if that is unknown.
    holds: bool | None
    #: Whether its negation holds; None if that is unknown.
    negation_holds: bool | None
    #: What was seen, in words.
    evidence: str
    #: Whether the rule holds because of something that stands on the page.
    is_positive: bool = False
    #: Whether the rule holds because of something that has happened since the last visit. It is
    #: told each time that it happens.
    is_event: bool = False
    #: Whether the rule would hold if nothing had happened since the last visit.
    lasts: bool = False
    #: Whether something has happened since the last visit that any of the joined rules waits for.
    saw_event: bool = False
    #: What has come or gone.
    listings: tuple[Listing, ...] = ()


def known(holds: bool, evidence: str, *, is_positive: bool = False) -> Verdict:  # noqa: FBT001 - `holds` needs no name
    """Return the verdict on a rule that holds or does not."""
    return Verdict(
        holds=holds,
        negation_holds=not holds,
        evidence=evidence,
        is_positive=holds and is_positive,
        lasts=holds,
    )


def event(evidence: str, *listings: Listing) -> Verdict:
    """Return the verdict on a rule that holds because of what has just happened."""
    return Verdict(
        holds=True,
        negation_holds=False,
        evidence=evidence,
        is_event=True,
        saw_event=True,
        listings=listings,
    )


def unknown(evidence: str) -> Verdict:
    """Return the verdict on a rule about which nothing is known."""
    return Verdict(holds=None, negation_holds=None, evidence=evidence)


def absent(evidence: str) -> Verdict:
    """Return the verdict on a comparison with something that is not on the page."""
    return Verdict(holds=False, negation_holds=None, evidence=evidence)


def opposite(verdict: Verdict) -> Verdict:
    """Return the verdict on a rule's negation."""
    return Verdict(
        holds=verdict.negation_holds,
        negation_holds=verdict.holds,
        evidence=verdict.evidence,
        lasts=verdict.negation_holds is True,
        saw_event=verdict.saw_event,
    )


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on rules joined by "and"."""
    return Verdict(
        holds=_all(verdict.holds for verdict in verdicts),
        negation_holds=_any(verdict.negation_holds for verdict in verdicts),
        evidence=_evidence(verdicts),
        is_positive=all(verdict.is_positive for verdict in verdicts),
        is_event=any(verdict.is_event for verdict in verdicts),
        lasts=all(verdict.lasts for verdict in verdicts),
        saw_event=any(verdict.saw_event for verdict in verdicts),
        listings=tuple(listing for verdict in verdicts for listing in verdict.listings),
    )


def any_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on rules joined by "or"."""
    reasons = [verdict for verdict in verdicts if verdict.holds]
    return Verdict(
        holds=_any(verdict.holds for verdict in verdicts),
        negation_holds=_all(verdict.negation_holds for verdict in verdicts),
        evidence=_evidence(reasons or verdicts),
        # One that holds for another reason may be what is told.
        is_positive=bool(reasons) and all(verdict.is_positive for verdict in reasons),
        is_event=any(verdict.is_event for verdict in reasons),
        lasts=any(verdict.lasts for verdict in reasons),
        saw_event=any(verdict.saw_event for verdict in verdicts),
        listings=tuple(listing for verdict in reasons for listing in verdict.listings),
    )


def in_words(verdict: Verdict, words: str) -> Verdict:
    """Return the verdict with other evidence."""
    return replace(verdict, evidence=words)


def _evidence(verdicts: Sequence[Verdict]) -> str:
    shown = list(dict.fromkeys(verdict.evidence for verdict in verdicts))
    return " ".join([*shown[:SENTENCES], *(["…"] if len(shown) > SENTENCES else [])])


def _all(truths: Iterable[bool | None]) -> bool | None:
    values = set(truths)
    return False if False in values else None if None in values else True


def _any(truths: Iterable[bool | None]) -> bool | None:
    values = set(truths)
    return True if True in values else None if None in values else False
