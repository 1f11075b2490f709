"""A case: a rule, what a server answers visit after visit, and when the owner must be told.

An expectation is what an attentive person would want who wished for the rule; it owes nothing to
how pages are read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

#: The path of the watched page where a case names none. It is not the root of its site, so that a
#: redirect to the root can be told from the page.
PATH = "/catalogue/item-4711"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server answers."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    #: "reset": the connection is reset before an answer. "cut off": it closes halfway through the
    #: body, whose whole length was announced.
    fault: str = ""
    #: The answer to those who send this cookie ("name=value").
    with_cookie: tuple[str, "Served"] | None = None


#: A page in short: its HTML, an answer, or an answer for each path.
Page = str | Served | dict[str, "str | Served"]


class Expected(Enum):
    """What a visit must lead to."""

    #: The owner is told.
    TOLD = "told"
    #: The page is read, and nothing is told.
    QUIET = "quiet"
    #: The page is no page: an error that says what was found instead.
    FAILS = "fails"
    #: Nothing is told, whether the page can be read or not.
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit and what must come of it."""

    pages: dict[str, Served]
    #: What is served when the monitor looks again before it tells; None for the same pages.
    second_look: dict[str, Served] | None
    expected: Expected
    #: For TOLD, what the notification must say; for FAILS, what the error says at least one of.
    words: tuple[str, ...] = ()
    #: What the notification must not say.
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A rule and its visits."""

    name: str
    #: The condition_description.
    rule: str
    visits: tuple[Visit, ...]
    paths: tuple[str, ...] = (PATH,)


def case(name: str, rule: str, *visits: Visit, paths: tuple[str, ...] = (PATH,)) -> Case:
    return Case(name=name, rule=rule, visits=visits, paths=paths)


def told(
    page: Page, *words: str, unsaid: tuple[str, ...] = (), second_look: Page | None = None
) -> Visit:
    """Return a visit that the owner must be told of, with all of `words` and none of `unsaid`."""
    return _visit(Expected.TOLD, page, second_look, words, unsaid)


def quiet(page: Page, *, second_look: Page | None = None) -> Visit:
    """Return a visit that reads a page and tells nothing."""
    return _visit(Expected.QUIET, page, second_look)


def fails(page: Page, *words: str) -> Visit:
    """Return a visit that must be an error, which says at least one of `words`."""
    return _visit(Expected.FAILS, page, None, words)


def silent(page: Page, *, second_look: Page | None = None) -> Visit:
    """Return a visit that tells nothing; it may be an error or not."""
    return _visit(Expected.SILENT, page, second_look)


def _visit(
    expected: Expected,
    page: Page,
    second_look: Page | None,
    words: tuple[str, ...] = (),
    unsaid: tuple[str, ...] = (),
) -> Visit:
    return Visit(
        pages=_by_path(page),
        second_look=None if second_look is None else _by_path(second_look),
        expected=expected,
        words=words,
        unsaid=unsaid,
    )


def _by_path(page: Page) -> dict[str, Served]:
    pages = page if isinstance(page, dict) else {PATH: page}
    return {path: html(one) if isinstance(one, str) else one for path, one in pages.items()}


def html(text: str, status: int = 200, **headers: str) -> Served:
    """Return HTML in UTF-8; underscores in the names of `headers` are hyphens."""
    return body(text.encode(), "text/html; charset=utf-8", status, **headers)


def body(content: bytes, content_type: str, status: int = 200, **headers: str) -> Served:
    """Return an answer; without `content_type`, it declares none."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    declared = {"Content-Type": content_type} if content_type else {}
    return Served(body=content, status=status, headers=declared | named)


def json_of(value: Any, status: int = 200, content_type: str = "application/json") -> Served:
    return body(json.dumps(value, ensure_ascii=False).encode(), content_type, status)


def redirect(target: str, status: int = 302) -> Served:
    moved = f"<html><body>Found. Redirecting to <a href='{target}'>{target}</a></body></html>"
    return html(moved, status, Location=target)
