"""Know an answer that is no page by its difference from the page that was remembered; pure."""

import re
from urllib.parse import urlsplit

from executions.failures import FailureKind
from executions.pages.answered import Answered
from executions.pages.no_page import NoPage, unlike
from executions.pages.seen import END_OF_HTML, currencies_in, language_of

#: A redirect to the front page leads to the same page only if at least this share stands there.
SAME_PAGE_AFTER_REDIRECT = 0.9
#: If less than this share stands on a page that is shorter by so much, it has nothing in common.
NOTHING_IN_COMMON = 0.1
SHORTER = 0.7
#: A text has shrunk to nearly nothing if less than this share is left of at least SHRINKABLE.
NEARLY_NOTHING = 0.1
SHRINKABLE = 200
#: A page of fewer characters may well have another text.
COMPARABLE = 100
#: The path of a site's front page, perhaps in one of its languages.
_FRONT_PAGE = re.compile(
    r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|default|home)(?:\.\w{2,5})?/?)?", re.IGNORECASE
)


def empty(answer: Answered) -> NoPage | None:
    """Return that there is nothing to read, or hardly anything of what there was."""
    characters = len(answer.text)
    if not characters and not answer.page.title:
        return NoPage(
            what="an empty page",
            advice="It is visited again soon.",
            failure=FailureKind.NETWORK,
        )
    before = 0 if answer.before is None else answer.before.seen.characters
    if before >= SHRINKABLE and characters < before * NEARLY_NOTHING:
        return unlike(
            f"hardly any text ({characters:,} characters where there were {before:,})",
            quote=answer.text,
        )
    return None


def empty_json(answer: Answered) -> NoPage | None:
    """Return that nothing is left of the JSON; an empty list may be the truth."""
    before = 0 if answer.before is None else answer.before.seen.characters
    if before < SHRINKABLE or answer.page.data not in ({}, None, ""):
        return None
    return unlike(f"empty JSON ({answer.page.text}) where there were {before:,} characters")


def nothing_in_common(answer: Answered) -> NoPage | None:
    """Return that a shorter page with another title has taken the page's place.

    So an error is known whose words are not known.
    """
    if (
        answer.before is None
        or answer.before.seen.characters < COMPARABLE
        or answer.share >= NOTHING_IN_COMMON
        or answer.page.title == answer.before.seen.title
        or len(answer.page.text) > answer.before.seen.characters * SHORTER
    ):
        return None
    return unlike(
        "a page that has nothing in common with the one that was remembered",
        quote=answer.page.title or answer.text,
    )


def frame(answer: Answered) -> NoPage | None:
    """Return that only the head and foot of the site are left, under a title of its own."""
    if (
        answer.before is None
        or answer.page.title == answer.before.seen.title
        or len(answer.page.text) >= answer.before.seen.characters
        or not answer.before.shows_all_of(answer.page.text)
    ):
        return None
    return unlike("nothing but the head and foot of its site", quote=answer.page.title)


def cut_off(answer: Answered) -> NoPage | None:
    """Return that HTML ends before its end, which it did not do before."""
    if (
        answer.page.document is not None
        and answer.before is not None
        and answer.before.seen.is_closed
        and not END_OF_HTML.search(answer.markup)
    ):
        return unlike("a page that is cut off before its end")
    return None


def other_kind(answer: Answered) -> NoPage | None:
    """Return that, for example, HTML stands where there was JSON."""
    before = None if answer.before is None else answer.before.seen.kind
    if not before or before == answer.page.kind:
        return None
    return unlike(f"{_name(answer.page.kind)} where there was {_name(before)}")


def root(answer: Answered) -> NoPage | None:
    """Return that a redirect led to the site's front page, which it did not do before."""
    if (
        answer.before is None
        or not answer.before.seen.url
        or _FRONT_PAGE.fullmatch(answer.requested_path)
        or not _FRONT_PAGE.fullmatch(answer.path)
        or _FRONT_PAGE.fullmatch(urlsplit(answer.before.seen.url).path)
        or answer.share >= SAME_PAGE_AFTER_REDIRECT
    ):
        return None
    return unlike(f"a redirect to the front page of its site ({answer.download.url})")


def other_language(answer: Answered) -> NoPage | None:
    """Return that the page names another language."""
    language = language_of(answer.page)
    before = "" if answer.before is None else answer.before.seen.language
    if not language or not before or language == before:
        return None
    return unlike(f'a page in another language ("{language}" where it was "{before}")')


def other_currency(answer: Answered) -> NoPage | None:
    """Return that the same page now shows other currencies."""
    if answer.before is None or not answer.before.seen.currencies:
        return None
    before, now = answer.before.seen.currencies, currencies_in(answer.page.text)
    if not now or set(now) & set(before):
        return None
    return unlike(f"prices in another currency ({', '.join(now)} where it was {', '.join(before)})")


def _name(kind: str) -> str:
    return kind.upper() if kind in ("html", "json", "xml", "pdf") else kind
