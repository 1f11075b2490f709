"""Decide whether a server answered with the page or with something else; pure.

A wall, an error or a log-in form says nothing about the page, so no rule is applied to it. The
wordings by which such answers are known are data, in no_pages.toml.

One sign alone proves little: an article may be about captchas, and a shop's form may load one. So a
sign counts only if the answer has little else to say, and if little of what was remembered of the
page stands in it. If most of it does, it is the page, whatever it says.
"""

from collections.abc import Iterable

from executions.failures import FailureKind
from executions.pages import unlike, walls
from executions.pages.answered import SENTENCE_END, Answered, parts_of
from executions.pages.json_error import json_error
from executions.pages.no_page import NoPage
from executions.pages.normal_form import folded
from executions.pages.page import Download, Page, PageKind
from executions.pages.seen import Before
from executions.pages.wordings import TRIMMED, wordings


def why_not_a_page(download: Download, page: Page, before: Before | None) -> NoPage | None:
    """Return why the answer is not the page that was asked for, or None if it is that page.

    Args:
        download: what the server answered.
        page: the same, as a rule would see it.
        before: the page as it was remembered; None at the first visit.
    """
    answer = Answered(download, page, before)
    if page.kind == PageKind.JSON:
        return json_error(answer) or unlike.empty_json(answer) or unlike.other_kind(answer)
    if answer.is_same_page:
        return (
            unlike.other_currency(answer)
            or unlike.cut_off(answer)
            or walls.by_new_title(answer)
            or unlike.root(answer)
            or unlike.frame(answer)
        )
    return (
        walls.by_address(answer)
        or walls.by_title(answer)
        or walls.by_text(answer)
        or walls.by_markup(answer)
        or walls.log_in(answer)
        or walls.shell(answer)
        or unlike.empty(answer)
        or unlike.other_kind(answer)
        or unlike.root(answer)
        or unlike.other_language(answer)
        or unlike.nothing_in_common(answer)
        or unlike.cut_off(answer)
        or unlike.frame(answer)
    )


def why_unreadable(download: Download, reason: str) -> NoPage:
    """Return why an answer that cannot be read is not the page, which could be read before.

    Args:
        download: what the server answered.
        reason: why it cannot be read.
    """
    body = download.body.strip()
    breaks_off = body[:1] in b"{[" and body[-1:] not in b"}]" and "json" in download.content_type
    return NoPage(
        what="JSON that is cut off" if body and breaks_off else f"something else ({reason})",
        advice="It is visited again soon.",
        failure=FailureKind.NETWORK,
    )


def is_wall_wording(text: str) -> bool:
    """Return whether somebody who looks for `text` looks for the words of such an answer."""
    sought = folded(text).strip(TRIMMED)
    return bool(parts_of(sought) & wordings().titles) or any(
        kind.texts.match(sought) for kind in wordings().kinds
    )


def without(wording: Iterable[str], text: str) -> str:
    """Return `text` without the sentences and lines that `wording` consists of."""
    left_out = {folded(words) for words in wording}
    return "\n".join(
        " ".join(part for part in SENTENCE_END.split(line) if folded(part) not in left_out)
        for line in text.splitlines()
        if folded(line) not in left_out
    )
