"""Why an answer is not the page, in words for the task's owner; pure."""

from dataclasses import dataclass

from executions.failures import FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPage:
    """Why an answer is not the page."""

    #: Completes "… answered with … instead of its page."
    what: str
    #: What the owner can do, as a sentence.
    advice: str
    #: How soon it is asked for again.
    failure: FailureKind
    #: The wordings by which it is known, as the page spells them.
    wording: tuple[str, ...] = ()
    #: What the owner is shown of it.
    quote: str = ""
    #: Whether it is known only by the difference from what was remembered. If that lasts, the page
    #: itself has become another.
    is_weak: bool = False

    def about(self, address: str) -> str:
        """Return the sentences that tell the owner of the page at `address`."""
        quoted = f' ("{self.quote[:80]}")' if self.quote else ""
        return f"{address} answered with {self.what}{quoted} instead of its page. {self.advice}"


def unlike(what: str, *, quote: str = "") -> NoPage:
    """Return that an answer is known as none only by comparison with what was remembered."""
    return NoPage(
        quote=" ".join(quote.split()),
        what=what,
        advice="What was remembered stays. If this lasts for three days, the page is remembered "
        "anew as it is then.",
        failure=FailureKind.NETWORK,
        is_weak=True,
    )
